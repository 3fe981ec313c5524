"""No key reaches a log, whoever logs it."""

import logging
import re

from django.conf import settings

_AUTH = re.compile(r"(?i)\b(bearer|key|token)\s+[A-Za-z0-9._~+/=:-]{8,}")
HIDDEN = "[hidden]"


def scrub(text: str) -> str:
    """Return `text` with configured provider keys and authorization values hidden."""
    for options in settings.PROVIDERS.values():
        key = options.get("api_key", "")
        if len(key) >= 8:
            text = text.replace(key, HIDDEN)
    return _AUTH.sub(rf"\1 {HIDDEN}", text)


class ScrubSecrets(logging.Filter):
    """Rewrites each record before a handler writes it; never drops one."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        scrubbed = scrub(message)
        if scrubbed != message:
            record.msg, record.args = scrubbed, None
        return True
