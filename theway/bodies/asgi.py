"""The types of an ASGI application (asgi.readthedocs.io, HTTP & WebSocket message format)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

# In a scope: the request's target as it was sent. The server's protocol puts it there.
TARGET = "theway.target"
Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


def header(scope: Scope, name: bytes) -> bytes:
    """Return the first header of this (lower-case) name, b"" where there is none."""
    return next((value for key, value in scope["headers"] if key == name), b"")
