"""uvicorn's HTTP protocol, with limits on what a client may do before and after a request.

uvicorn itself waits for a request's head without end, and without end for the rest of a body
that nobody reads any more. Both cost a connection, and connections are what a server has few of.
"""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from theway.bodies.asgi import TARGET

# Browsers open connections ahead of use and open new ones when those are closed.
HEAD_SECONDS = 10.0
HEAD_BYTES = 64 * 1024
# How long the rest of a refused body is thrown away, so that the client reads our answer: closing
# on unread data resets the connection, and browsers then show an error of their own.
LINGER_SECONDS = 10.0
MAX_CONNECTIONS = 20_000
# Files, the database, workers: everything that is open besides connections.
_OTHER_FILES = 256


def raise_file_limit() -> None:
    """Let this process open as many files as its account may: each connection is one."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def connection_limit() -> int:
    """Return how many connections may be open together."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return MAX_CONNECTIONS
    return min(MAX_CONNECTIONS, max(soft - _OTHER_FILES, soft // 2))


class _Lingering:
    """A connection's transport whose end waits until the client has had time to read."""

    def __init__(self, protocol: GuardedProtocol) -> None:
        self._protocol = protocol

    def __getattr__(self, name: str) -> Any:
        return getattr(self._protocol.transport, name)

    def close(self) -> None:
        self._protocol.close()


class GuardedProtocol(HttpToolsProtocol):
    """One connection. Heads come within `HEAD_SECONDS`, and the rest of what is refused is cut."""

    _limit = connection_limit()
    _timer: asyncio.TimerHandle | None = None
    _head_size = 0
    _is_waiting_for_head = False
    _is_in_message = False
    _is_ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)  # type: ignore[arg-type]
        if len(self.connections) > self._limit:
            self.transport.abort()
            return
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        if self._is_ended:
            return  # it is thrown away
        super().data_received(data)
        if self._is_waiting_for_head:
            self._head_size += len(data)
            if self._head_size > HEAD_BYTES:
                self._end(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def on_message_begin(self) -> None:
        self._is_in_message = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self.scope[TARGET] = self.url  # type: ignore[literal-required]
        self._is_waiting_for_head = False
        self._set_timer(None)
        super().on_headers_complete()
        if self.cycle:
            self.cycle.transport = _Lingering(self)  # type: ignore[assignment]

    def on_message_complete(self) -> None:
        self._is_in_message = False
        super().on_message_complete()
        if self.cycle and self.cycle.response_complete:
            self._wait_for_head()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._is_ended or self.transport.is_closing() or not self.cycle.response_complete:
            return  # it ends, or the next request is here already
        if self._is_in_message:
            self._set_timer(LINGER_SECONDS, self.transport.close)
        else:
            self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._set_timer(None)
        super().connection_lost(exc)

    def close(self) -> None:
        """End the connection: at once after a whole request, else when our answer was read."""
        if self._is_in_message and self.transport.can_write_eof():
            self._is_ended = True
            self.transport.write_eof()
            self._set_timer(LINGER_SECONDS, self.transport.close)
        else:
            self.transport.close()

    def _wait_for_head(self) -> None:
        self._is_waiting_for_head = True
        self._head_size = 0
        self._set_timer(HEAD_SECONDS, self._head_is_late)

    def _head_is_late(self) -> None:
        if self._head_size:
            self._end(HTTPStatus.REQUEST_TIMEOUT)
        else:
            self.transport.close()  # it never asked for anything

    def _end(self, status: HTTPStatus) -> None:
        """Answer a head that is not complete, and close."""
        if self.transport.is_closing():
            return
        text = status.phrase.encode()
        self.transport.write(
            b"HTTP/1.1 %d %s\r\ncontent-type: text/plain\r\ncontent-length: %d\r\n"
            b"connection: close\r\n\r\n%s" % (status, text, len(text), text)
        )
        self.close()

    def _set_timer(self, seconds: float | None, callback: Callable[..., Any] | None = None) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = self.loop.call_later(seconds, callback) if seconds and callback else None
