"""Connections that can be ended without an answer, as broken networks end them."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any

from starlette.types import Scope
from uvicorn.protocols.http.auto import AutoHTTPProtocol

_TRANSPORT = "emulators.transport"


class _Exposing(asyncio.Protocol):
    """Puts a connection's transport into the `state` of every request that comes over it."""

    app_state: dict[str, Any]  # uvicorn copies it into each scope

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.app_state = {**self.app_state, _TRANSPORT: transport}
        super().connection_made(transport)


def protocol() -> type[asyncio.Protocol]:
    """Return uvicorn's own HTTP protocol, with connections that can be cut."""
    return type("CuttableProtocol", (_Exposing, AutoHTTPProtocol), {})


def close(scope: Scope) -> None:
    """Close the connection properly: the client reads its end where an answer should be."""
    scope["state"][_TRANSPORT].close()


def reset(scope: Scope) -> None:
    """Reset the connection: the client gets "connection reset by peer"."""
    transport = scope["state"][_TRANSPORT]
    # Lingering for zero seconds makes the kernel send RST instead of FIN (socket(7)).
    no_linger = struct.pack("ii", 1, 0)
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_linger)
    transport.abort()
