"""No secret and no address of a person reaches a log, whatever writes it."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from providers.redaction import redacted

# Every setting, and every option inside one, whose name ends like this holds a secret.
_SECRET_NAME = re.compile(r"(?i)(^|_)(key|token|secret|password)(_fallbacks)?$")
# What lets somebody in, as it stands in links; Django logs the path of a refused request.
_LINK = re.compile(
    r"(/accounts/invitation/|/phone/|/accounts?/(?:confirm|address)/|/reset/key/)[^/\s]+"
)
_EMAIL = re.compile(r"[\w.+%-]+@[\w-]+(\.[\w-]+)+")
# What anybody can cause is one line: forged hosts, odd cookies. Where it was noticed is ours.
_FROM_OUTSIDE = "django.security"
_TRACEBACKS = logging.Formatter()


def secret_settings() -> set[str]:
    """Return the values of all secret settings, passwords inside addresses included."""
    return {
        secret
        for name in dir(settings)
        if name.isupper()
        for secret in _secrets_in(name, getattr(settings, name))
        if secret
    }


def _secrets_in(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if _SECRET_NAME.search(name):
            yield value
        elif "://" in value and "@" in value:
            yield urlsplit(value).password or ""
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _secrets_in(str(key), inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _secrets_in(name, inner)


class RedactSecrets(logging.Filter):
    """Rewrites each record, its traceback too, before a handler writes it; never drops one."""

    def filter(self, record: logging.LogRecord) -> bool:
        secrets = secret_settings()
        record.msg, record.args = _cleaned(record.getMessage(), secrets), None
        if record.name.startswith(_FROM_OUTSIDE):
            record.exc_info = None
        if record.exc_info:
            # Formatters of every kind write this text where there is no exception to format.
            record.exc_text = _cleaned(_TRACEBACKS.formatException(record.exc_info), secrets)
            record.exc_info = None
        return True


def _cleaned(text: str, secrets: set[str]) -> str:
    """Without secrets, without the addresses of people, and without what makes their links."""
    return _LINK.sub(r"\1[token]", _EMAIL.sub("[address]", redacted(text, secrets)))
