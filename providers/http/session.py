"""How bytes travel to a provider and back: sessions, keys, sizes and deadlines."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Event, Timer
from typing import Any
from weakref import WeakSet

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.connection import HTTPConnection
from urllib3.exceptions import HTTPError as Urllib3Error

USER_AGENT = "TheWay/0.1 (+self-hosted)"
CHUNK_BYTES = 64 * 1024

# (connect, read) in seconds, as requests takes them.
Timeout = tuple[float, float]

# Everything a broken connection can surface as: requests wraps what urllib3 raises while
# sending, but not what it raises while we read the body ourselves.
NETWORK_ERRORS = (requests.RequestException, Urllib3Error, OSError)


class BodyTooLargeError(Exception):
    """More bytes arrived than are accepted."""


class BodyTooSlowError(TimeoutError):
    """The body came past its deadline; a read timeout alone restarts with every byte."""


class KeyAuth(AuthBase):
    """Writes the Authorization header.

    Passed as `auth`, not as a header: requests would replace a header by a `.netrc` entry.
    """

    def __init__(self, scheme: str, key: str) -> None:
        self._value = f"{scheme} {key}"

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self._value
        return request

    def __repr__(self) -> str:
        return "<KeyAuth>"


class TimedAdapter(HTTPAdapter):
    """Ends an exchange that takes too long as a whole.

    The timeouts of requests begin anew with every byte, so a service that trickles could hold a
    worker for ever. The connection is shut down instead once `limit` seconds are over, counted
    from connecting to the end of the reply's headers; `read_chunks` limits the body.
    """

    limit: float | None = None

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._connections: WeakSet[HTTPConnection] = WeakSet()

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        if not hasattr(pool, "untimed_class"):
            pool.untimed_class = pool.ConnectionCls
            pool.ConnectionCls = self._remembered(pool.ConnectionCls)
        return pool

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:
        limit = self.limit or sum(kwargs.get("timeout") or (60.0,))
        with self.cut_after(limit) as is_cut:
            response = super().send(*args, **kwargs)
        if is_cut.is_set():  # the shut connection passed for the end of the headers
            response.close()
            raise requests.ReadTimeout(f"not finished after {limit:g} s")
        return response

    @contextmanager
    def cut_after(self, seconds: float) -> Iterator[Event]:
        """Shut this adapter's connections once the block has taken `seconds`, and set the event."""
        is_cut = Event()
        timer = Timer(seconds, self._cut, [is_cut])
        timer.daemon = True
        timer.start()
        try:
            yield is_cut
        finally:
            timer.cancel()

    def _remembered(self, make: Callable[..., HTTPConnection]) -> Callable[..., HTTPConnection]:
        def made(*args: Any, **kwargs: Any) -> HTTPConnection:
            connection = make(*args, **kwargs)
            self._connections.add(connection)
            return connection

        return made

    def _cut(self, is_cut: Event) -> None:
        is_cut.set()
        for connection in list(self._connections):
            # Whoever waits for this socket gets an error now.
            with suppress(OSError, AttributeError):
                held: socket.socket = getattr(connection, "held", None) or connection.sock
                held.shutdown(socket.SHUT_RDWR)


def new_session(*, trust_environment: bool = True) -> requests.Session:
    """Return a session that never retries by itself and holds no key.

    `trust_environment` lets proxies from the environment apply; addresses on this machine
    are reached directly.
    """
    session = requests.Session()
    session.trust_env = trust_environment
    for prefix in ("https://", "http://"):
        session.mount(prefix, TimedAdapter())
    return session


@contextmanager
def time_limit(session: requests.Session, seconds: float | None) -> Iterator[None]:
    """Limit each exchange of the block as a whole; None leaves it to the call's own timeouts."""
    adapters = [one for one in session.adapters.values() if isinstance(one, TimedAdapter)]
    for adapter in adapters:
        adapter.limit = seconds
    try:
        yield
    finally:
        for adapter in adapters:
            adapter.limit = None


def read_chunks(response: requests.Response, *, max_bytes: int, seconds: float) -> Iterator[bytes]:
    """Yield the body of a streamed `response` as it arrives, decompressed.

    Raises `BodyTooLargeError` past `max_bytes`, `BodyTooSlowError` once `seconds` are over,
    and one of `NETWORK_ERRORS` when the connection breaks or the body is shorter than announced.
    """
    deadline = time.monotonic() + seconds
    total = 0
    while chunk := response.raw.read1(CHUNK_BYTES, decode_content=True):
        total += len(chunk)
        if total > max_bytes:
            raise BodyTooLargeError(f"more than {max_bytes} bytes")
        if time.monotonic() > deadline:
            raise BodyTooSlowError(f"not finished after {seconds:g} s")
        yield chunk


def announced_size(headers: Mapping[str, str]) -> int | None:
    """Return Content-Length, or None where it is absent or counts compressed bytes."""
    length = headers.get("Content-Length", "")
    return int(length) if length.isdigit() and not headers.get("Content-Encoding") else None
