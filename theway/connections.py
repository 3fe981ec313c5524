"""uvicorn's HTTP protocol, with limits on what a client may do around a request.

uvicorn itself waits without end: for a request's head, for the rest of a body that nobody reads
any more, and for a client to read its answer. Each costs a connection, and an answer also the
file that is sent. Connections are what a server has few of.
"""

from __future__ import annotations

import asyncio
import resource
import socket
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from ipaddress import IPv6Address
from typing import Any

from theway.addresses import AddressLimit, TooManyError
from theway.bodies.asgi import TARGET
from theway.offers import OneProtocol

# Browsers open connections ahead of use and open new ones when those are closed.
HEAD_SECONDS = 10.0
HEAD_BYTES = 64 * 1024
# A proxy keeps connections for its next request, and one that is closed just then is a 502 to
# somebody. So it closes them first: Caddy after 120 seconds, Google's after 600, others between.
PROXY_IDLE_SECONDS = 620
# How long the rest of a refused body is thrown away, so that the client reads our answer: closing
# on unread data resets the connection, and browsers then show an error of their own.
LINGER_SECONDS = 10.0
# A client that is sent something takes this much in this time, else it is not waited for. That is
# a tenth of a slow phone's 20 KB/s, and long enough for a tunnel.
SEND_SECONDS = 120.0
SEND_BYTES = 240 * 1024
# What the kernel keeps of an answer before the client's own window is open: without a limit it
# takes up to four megabytes for each of them (tcp(7), TCP_NOTSENT_LOWAT).
_UNSENT_BYTES = 128 * 1024
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


def _keep_little_unsent(transport: asyncio.BaseTransport) -> None:
    connection = transport.get_extra_info("socket")
    with suppress(OSError, AttributeError):  # not every system has it
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _UNSENT_BYTES)


def _as_version_4(client: tuple[str, int] | None) -> tuple[str, int] | None:
    """Return who asks; a socket for both versions names `::ffff:192.0.2.1` for 192.0.2.1."""
    host = client[0] if client else ""
    mapped = IPv6Address(host).ipv4_mapped if host.startswith("::ffff:") else None
    return (str(mapped), client[1]) if client and mapped else client


class _Watched:
    """A connection's transport that knows what is sent, and ends once the client could read."""

    def __init__(self, protocol: GuardedProtocol) -> None:
        self._protocol = protocol

    def __getattr__(self, name: str) -> Any:
        return getattr(self._protocol.transport, name)

    def write(self, data: bytes) -> None:
        self._protocol.write(data)

    def close(self) -> None:
        self._protocol.close()


class GuardedProtocol(OneProtocol):
    """One connection. Heads come within `HEAD_SECONDS`, answers are taken at `SEND_BYTES` in
    `SEND_SECONDS` at least, and the rest of what is refused is cut.
    """

    _limit = connection_limit()
    _per_address = AddressLimit(MAX_CONNECTIONS)
    _place: str | None = None
    _timer: asyncio.TimerHandle | None = None
    _send_timer: asyncio.TimerHandle | None = None
    _written = _written_before = _sent_before = 0
    _head_size = 0
    _is_waiting_for_head = False
    _is_idle = False
    _is_proxys = False
    _is_in_message = False
    _is_ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)  # type: ignore[arg-type]
        self.client = _as_version_4(self.client)
        try:
            self._place = self._per_address.take(self.client[0] if self.client else None)
        except TooManyError:
            self.transport.abort()
            return
        if len(self.connections) > self._limit:
            self.transport.abort()
            return
        if self.client and self._per_address.trusts(self.client[0]):
            self._is_proxys, self.timeout_keep_alive = True, PROXY_IDLE_SECONDS
        _keep_little_unsent(transport)
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        if self._is_ended:
            return  # it is thrown away
        if self._is_idle:
            self._wait_for_head()
        super().data_received(data)
        if self._is_waiting_for_head:
            self._head_size += len(data)
            if self._head_size > HEAD_BYTES:
                self._end(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def on_message_begin(self) -> None:
        self._is_in_message = True
        super().on_message_begin()

    def _begin(self) -> None:
        self.scope[TARGET] = self.url  # type: ignore[literal-required]
        self._is_waiting_for_head = False
        self._set_timer(None)
        super()._begin()
        if self.cycle:
            self.cycle.transport = _Watched(self)  # type: ignore[assignment]

    def _complete(self) -> None:
        self._is_in_message = False
        super()._complete()
        if self.cycle and self.cycle.response_complete:
            self._wait_for_next()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._is_ended or self.transport.is_closing() or not self.cycle.response_complete:
            return  # it ends, or the next request is here already
        if self._is_in_message:
            self._set_timer(LINGER_SECONDS, self.transport.close)
        else:
            self._wait_for_next()

    def connection_lost(self, exc: Exception | None) -> None:
        self._set_timer(None)
        if self._send_timer:
            self._send_timer.cancel()
        self._per_address.give_back(self._place)
        self._place = None
        super().connection_lost(exc)

    def write(self, data: bytes) -> None:
        """Send a part of the answer, and see to it that the client takes it."""
        self.transport.write(data)
        self._written += len(data)
        if not self._send_timer:
            self._watch_sending()

    def close(self) -> None:
        """End the connection: at once after a whole request, else when our answer was read."""
        if self._is_in_message and self.transport.can_write_eof():
            self._is_ended = True
            self.transport.write_eof()
            self._set_timer(LINGER_SECONDS, self.transport.close)
        else:
            self.transport.close()

    def _watch_sending(self) -> None:
        self._written_before, self._sent_before = self._written, self._sent
        self._send_timer = self.loop.call_later(SEND_SECONDS, self._check_sending)

    def _check_sending(self) -> None:
        """Give up on a client for which something has waited all the time, and hardly moved."""
        self._send_timer = None
        if not self.transport.get_write_buffer_size():
            return  # the next write begins anew
        has_waited = self._sent < self._written_before
        if has_waited and self._sent - self._sent_before < SEND_BYTES:
            self.transport.abort()
        else:
            self._watch_sending()

    @property
    def _sent(self) -> int:
        """How many bytes of answers the kernel has taken."""
        return self._written - self.transport.get_write_buffer_size()

    def _wait_for_next(self) -> None:
        """Wait for another request, of which nothing is here yet."""
        self._wait_for_head()
        if self._is_proxys:
            self._is_idle = True
            self._set_timer(PROXY_IDLE_SECONDS, self._head_is_late)

    def _wait_for_head(self) -> None:
        self._is_waiting_for_head, self._is_idle = True, False
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
