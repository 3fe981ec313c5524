"""How bytes travel to a provider and back: connections, deadlines, and the send-once rule."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError as Urllib3Error
from urllib3.util.retry import Retry

USER_AGENT = "TheWay/0.1 (+self-hosted)"
CHUNK_BYTES = 64 * 1024

# (connect, read) in seconds, as requests takes them.
Timeout = tuple[float, float]

# Everything a broken connection can surface as: requests wraps what urllib3 raises while
# sending, but not what it raises while we read the body ourselves.
NETWORK_ERRORS = (requests.RequestException, Urllib3Error, OSError)


class TooLate(Exception):
    """The moment until which the request was allowed to leave has passed."""


class BodyTooLarge(Exception):
    """More bytes arrived than we are willing to take."""


class BodyTooSlow(Exception):
    """The body trickled past its deadline; a read timeout alone restarts with every byte."""


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


@dataclass
class Departure:
    """Whether a request may have left this machine, decided just before its first byte."""

    not_after: float | None = None  # time.time() seconds
    # True until a watched connection takes over: what nobody watched counts as sent.
    may_have_left: bool = True

    def leave(self) -> None:
        """Called with the connection open and nothing sent; raises `TooLate` to stop it."""
        if self.not_after is not None and time.time() > self.not_after:
            raise TooLate
        self.may_have_left = True


class _Watched(HTTPConnection):
    """A connection that reports to its `Departure` between connecting and sending."""

    def __init__(self, *args: Any, departure: Departure, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._departure = departure

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.is_closed:
            self.connect()
        self._departure.leave()
        super().request(*args, **kwargs)


class _WatchedHTTPS(_Watched, HTTPSConnection):
    pass


class SendOnceAdapter(HTTPAdapter):
    """Sends one request at most once: a fresh connection, no retry of any kind."""

    def __init__(self, departure: Departure) -> None:
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=Retry(0, read=False))
        self._departure = departure

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        watched = _WatchedHTTPS if pool.scheme == "https" else _Watched
        pool.ConnectionCls = partial(watched, departure=self._departure)
        self._departure.may_have_left = False
        return pool


def new_session(*, trust_environment: bool = True) -> requests.Session:
    """Return a session that never retries by itself and holds no key.

    `trust_environment` lets proxies from the environment apply; addresses on this machine
    are reached directly.
    """
    session = requests.Session()
    session.trust_env = trust_environment
    return session


def send_once_session(departure: Departure, *, trust_environment: bool = True) -> requests.Session:
    """Return a session for exactly one paid call, watched by `departure`."""
    session = new_session(trust_environment=trust_environment)
    for prefix in ("https://", "http://"):
        session.mount(prefix, SendOnceAdapter(departure))
    return session


def read_chunks(response: requests.Response, *, max_bytes: int, seconds: float) -> Iterator[bytes]:
    """Yield the body of a streamed `response` as it arrives, decompressed.

    Raises `BodyTooLarge` past `max_bytes`, `BodyTooSlow` once `seconds` are over, and one of
    `NETWORK_ERRORS` when the connection breaks or the body is shorter than announced.
    """
    deadline = time.monotonic() + seconds
    total = 0
    while chunk := response.raw.read1(CHUNK_BYTES, decode_content=True):
        total += len(chunk)
        if total > max_bytes:
            raise BodyTooLarge(f"more than {max_bytes} bytes")
        if time.monotonic() > deadline:
            raise BodyTooSlow(f"not finished after {seconds:g} s")
        yield chunk


def announced_size(headers: Mapping[str, str]) -> int | None:
    """Return Content-Length, or None where it is absent or counts compressed bytes."""
    length = headers.get("Content-Length", "")
    return int(length) if length.isdigit() and not headers.get("Content-Encoding") else None
