"""Text from outside made safe to keep: no key, no signed address, nothing a database refuses."""

from __future__ import annotations

import re
from collections.abc import Iterable

REDACTED = "[hidden]"
_AUTHORIZATION = re.compile(r"(?i)\b(bearer|key|token)\s+[\w.~+/=:-]{8,}")
# Keys that say what they are: the personal tokens of people here (accounts/tokens.py).
_TOKEN = re.compile(r"\btw_[\w-]{16,}")
# The query of an address is where signatures and one-time tokens are.
_QUERY = re.compile(r"(https?://[^\s\"'<>?]+)\?[^\s\"'<>]+")
_DATA_URL = re.compile(r"data:[\w/+.-]+;base64,[\w+/=]+")
# Shorter keys are ordinary words: hiding them would garble every text.
MIN_SECRET_LENGTH = 8
_LINE_BREAKS = re.compile("\r\n|[\r\x0b\x0c\x85]")
# The controls of ASCII and of Latin-1 but tab and line feed, and halves of surrogate pairs.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def without_controls(text: str) -> str:
    """Return `text` without characters that are part of no script, lines ending with "\\n".

    A terminal obeys some of them, PostgreSQL refuses the null byte, and half a surrogate pair
    cannot be encoded. Format characters stay: words and emoji are made with them.
    """
    return _CONTROLS.sub("", _LINE_BREAKS.sub("\n", text))


def sanitised(text: str, limit: int | None = None) -> str:
    """Return at most `limit` characters of `text`, fit for any database, page or terminal."""
    return without_controls(text.encode("utf-8", "replace").decode())[:limit]


def redacted(text: str, secrets: Iterable[str]) -> str:
    """Return `text` without `secrets` or anything that looks like one."""
    return _without_patterns(_without(text, secrets))


def safe_excerpt(text: str, secret: str, limit: int = 500) -> str:
    """Return at most `limit` characters of a reply, sanitised and without secrets."""
    # The secret goes before anything is cut; patterns need not search megabytes.
    text = _without_patterns(_without(sanitised(text), [secret])[: limit * 20])
    return text if len(text) <= limit else text[:limit] + "…"


def _without(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        if len(secret) >= MIN_SECRET_LENGTH:
            text = text.replace(secret, REDACTED)
    return text


def _without_patterns(text: str) -> str:
    text = _AUTHORIZATION.sub(rf"\1 {REDACTED}", text)
    text = _TOKEN.sub(REDACTED, text)
    text = _QUERY.sub(rf"\1?{REDACTED}", text)
    return _DATA_URL.sub("data:" + REDACTED, text)
