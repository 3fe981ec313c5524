"""Whose requests are answered: everybody with a key of the right form."""

from __future__ import annotations

import re

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from emulators.replicate.errors import Refusal

KEY = re.compile(r"r8_\w+", re.ASCII)
# Results are opened without a key: their addresses are secrets themselves.
OPEN = ("/healthz", "/delivery/", "/p/")


def holds_key(headers: Headers) -> bool:
    """Return whether a request brings a key: `Bearer r8_...`, or the older `Token r8_...`."""
    scheme, _, key = headers.get("authorization", "").partition(" ")
    return scheme.lower() in {"bearer", "token"} and bool(KEY.fullmatch(key.strip()))


class Keys:
    """Refuses requests without a key."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_open = scope["type"] != "http" or scope["path"].startswith(OPEN)
        if is_open or holds_key(Headers(scope=scope)):
            await self.app(scope, receive, send)
        else:
            await Refusal(401).response()(scope, receive, send)
