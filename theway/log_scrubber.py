"""No key reaches a log, whoever logs it."""

import logging
import re

from django.conf import settings

_AUTH = re.compile(r"(?i)\b(bearer|key|token)\s+[A-Za-z0-9._~+/=:-]{8,}")
HIDDEN = "[hidden]"
_TRACEBACKS = logging.Formatter()


def scrub(text: str) -> str:
    """Return `text` with configured provider keys and authorization values hidden."""
    for options in settings.PROVIDERS.values():
        key = options.get("api_key", "")
        if len(key) >= 8:
            text = text.replace(key, HIDDEN)
    return _AUTH.sub(rf"\1 {HIDDEN}", text)


class ScrubSecrets(logging.Filter):
    """Rewrites each record, its traceback too, before a handler writes it; never drops one."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = scrub(record.getMessage()), None
        if record.exc_info:
            # Formatters of every kind write this text where there is no exception to format.
            record.exc_text = scrub(_TRACEBACKS.formatException(record.exc_info))
            record.exc_info = None
        return True
