"""What a provider said, made safe to keep: no key, no signed address, no megabytes."""

from __future__ import annotations

import re

HIDDEN = "[hidden]"
_AUTHORIZATION = re.compile(r"(?i)\b(bearer|key|token)\s+[\w.~+/=:-]{8,}")
# The query of an address is where signatures and one-time tokens live.
_QUERY = re.compile(r"(https?://[^\s\"'<>?]+)\?[^\s\"'<>]+")
_DATA_URL = re.compile(r"data:[\w/+.-]+;base64,[\w+/=]+")
# Shorter keys ("local") are ordinary words: hiding them would garble every text.
MIN_SECRET_LENGTH = 8


def scrub(text: str, secret: str, limit: int = 500) -> str:
    """Return at most `limit` characters of `text`, without `secret` or anything like one."""
    if len(secret) >= MIN_SECRET_LENGTH:
        text = text.replace(secret, HIDDEN)
    # NUL and lone surrogates cannot be stored in every database.
    text = text.replace("\0", "").encode(errors="replace").decode()
    text = text[: limit * 20]  # patterns need not search megabytes
    text = _AUTHORIZATION.sub(rf"\1 {HIDDEN}", text)
    text = _QUERY.sub(rf"\1?{HIDDEN}", text)
    text = _DATA_URL.sub("data:" + HIDDEN, text)
    return text if len(text) <= limit else text[:limit] + "…"
