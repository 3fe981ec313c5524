"""What happens around every request: one log line, the engine's name, the key."""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

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

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception:
            status = 500  # answered further out
            raise
        finally:
            took = (time.perf_counter() - started) * 1000
            # `!r` of the path: a line break in it must not forge a second line.
            log.info("%s %r %d %.0fms", scope["method"], _loggable(scope["path"]), status, took)


class Latency:
    """Lets every request wait before anything is done: a trainer that is far away."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self.app = app
        self.seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await asyncio.sleep(self.seconds)
        await self.app(scope, receive, send)


class Labels:
    """Says on every answer what is at work: nobody may mistake a simulation or a test."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self.app = app
        self.headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def labelled(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self.headers)
            await send(message)

        await self.app(scope, receive, labelled)


class BearerKeys:
    """Lets in who holds one of the keys.

    Two paths need none: the health check, and the one-time upload address, which is its own
    secret, like the presigned address it stands for.
    """

    def __init__(self, app: ASGIApp, keys: tuple[str, ...]) -> None:
        self.app = app
        self.keys = tuple(key.encode() for key in keys)

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
        scheme, _, given = Headers(scope=scope).get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return False
        # Every key is compared, so the time taken does not tell which one was near.
        matches = [hmac.compare_digest(given.strip().encode(), key) for key in self.keys]
        return any(matches)


def _loggable(path: str) -> str:
    return f"{UPLOAD_PATH}…" if path.startswith(UPLOAD_PATH) else path
