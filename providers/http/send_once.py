"""The send-once rule: a paid request leaves this machine at most once, and never late."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import Any

import requests
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.retry import Retry

from providers.http.session import TimedAdapter, new_session


def steady_seconds() -> float:
    """Seconds of a clock that nobody sets, and that goes on while the machine sleeps."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(clock)


class TooLateError(Exception):
    """The moment until which the request was allowed to be sent has passed."""


@dataclass
class SendGuard:
    """Decides just before the first byte whether a request may be sent, and remembers it."""

    not_after: float | None = None  # seconds of `steady_seconds`
    # True until a guarded connection takes over: what nothing guarded counts as sent.
    may_be_sent: bool = True

    def send(self) -> None:
        """Called with the connection open and nothing sent; raises `TooLateError` to stop it."""
        if self.not_after is not None and steady_seconds() > self.not_after:
            raise TooLateError
        self.may_be_sent = True


class _Guarded(HTTPConnection):
    """A connection that asks its `SendGuard` between connecting and sending."""

    def __init__(self, *args: Any, guard: SendGuard, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._guard = guard

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.is_closed:
            self.connect()
        self._guard.send()
        super().request(*args, **kwargs)


class _GuardedHTTPS(_Guarded, HTTPSConnection):
    pass


class SendOnceAdapter(TimedAdapter):
    """Sends one request at most once: a fresh connection, no retry of any kind."""

    def __init__(self, guard: SendGuard) -> None:
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=Retry(0, read=False))
        self._guard = guard

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        # Before, as a proxy that cannot be used ends it here, with nothing sent.
        self._guard.may_be_sent = False
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        guarded = _GuardedHTTPS if pool.scheme == "https" else _Guarded
        pool.ConnectionCls = self._remembered(partial(guarded, guard=self._guard))
        return pool


def send_once_session(guard: SendGuard, *, trust_environment: bool = True) -> requests.Session:
    """Return a session for exactly one paid call, guarded by `guard`."""
    session = new_session(trust_environment=trust_environment)
    for prefix in ("https://", "http://"):
        session.mount(prefix, SendOnceAdapter(guard))
    return session
