"""What happens around every request: a log line, the engine's name, the key, the commit."""

from __future__ import annotations

import hmac
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from trainer.database import Database
from trainer.errors import ApiError

log = logging.getLogger("trainer.requests")

HEALTH_PATH = "/healthz"
UPLOAD_PATH = "/v1/uploads/"


class RequestLog:
    """One line per request at INFO: method, path, status, milliseconds. Never a key."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 0  # stays so where the client left before the answer

        async def send_logged(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, send_logged)
        except Exception:
            status = 500  # answered further out
            raise
        finally:
            took = (time.perf_counter() - started) * 1000
            # `!r` of the path: a line break in it must not forge a second line.
            log.info("%s %r %d %.0fms", scope["method"], _loggable(scope["path"]), status, took)


class CommittedAnswers:
    """Holds every answer back until all that it may tell of is on the disk."""

    def __init__(self, app: ASGIApp, database: Database) -> None:
        self.app = app
        self.database = database

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_committed(message: Message) -> None:
            if message["type"] == "http.response.start":
                await self.database.committed()
            await send(message)

        await self.app(scope, receive, send_committed)


class Labels:
    """Names the engine on every answer: nobody may mistake a simulation for a training."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self.app = app
        self.headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_labelled(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self.headers)
            await send(message)

        await self.app(scope, receive, send_labelled)


class KnownHosts:
    """Refuses requests by a name that is not this service's.

    A page in a browser on this machine can have its own name lead here; what tells such a request
    apart is the Host header (DNS rebinding).
    """

    def __init__(self, app: ASGIApp, is_called: Callable[[str], bool]) -> None:
        self.app = app
        self.is_called = is_called

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self.is_called(self._name(scope)):
            await self.app(scope, receive, send)
            return
        refusal = ApiError(421, "This service has another name.", code="unknown_host")
        await refusal.response()(scope, receive, send)

    def _name(self, scope: Scope) -> str:
        host = Headers(scope=scope).get("host", "")
        with suppress(ValueError):  # brackets that do not fit
            return (urlsplit(f"//{host}").hostname or "").rstrip(".")
        return ""


class BearerKeys:
    """Lets in requests with one of the keys.

    Two paths need none: the health check, and the one-time upload address, which is a secret
    itself, like a presigned URL.
    """

    def __init__(self, app: ASGIApp, keys: tuple[str, ...]) -> None:
        self.app = app
        self.keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._is_open(scope) or self._holds_key(scope):
            await self.app(scope, receive, send)
            return
        refusal = ApiError(
            401, "Invalid API key provided.", code="invalid_api_key", kind="authentication_error"
        )
        await refusal.response()(scope, receive, send)

    def _is_open(self, scope: Scope) -> bool:
        path: str = scope["path"]
        return path == HEALTH_PATH or (scope["method"] == "PUT" and path.startswith(UPLOAD_PATH))

    def _holds_key(self, scope: Scope) -> bool:
        return holds_key(Headers(scope=scope), self.keys)


def holds_key(headers: Headers, keys: Iterable[str]) -> bool:
    """Return whether a request with these headers brings one of the keys."""
    scheme, _, key = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return False
    # Every key is compared, so the time taken does not tell which one was near.
    matches = [hmac.compare_digest(key.strip().encode(), known.encode()) for known in keys]
    return any(matches)


def _loggable(path: str) -> str:
    return f"{UPLOAD_PATH}…" if path.startswith(UPLOAD_PATH) else path
