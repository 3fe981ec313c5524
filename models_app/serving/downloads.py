"""Downloads without Django: a long answer must not keep what Django keeps for a request.

That is a thread of its own and its connection to the database, until the last byte is taken; a slow
client takes it hours later. So Django answers as it answers anything, with all its checks and
headers, and is done; only the body is sent afterwards, a block at a time, each read in a thread
that is free again at once. What is open is the connection and the file.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import Any

from asgiref.sync import sync_to_async
from django.db import connections
from django.http import HttpRequest, StreamingHttpResponse

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

# What one slow client has of a file in memory, besides what its connection holds.
BLOCK_BYTES = 64 * 1024
_LATER = "models_app.serving.downloads"


class Later:
    """A body that is sent once Django is done, and what must be closed after it."""

    def __init__(self) -> None:
        self.body: DownloadResponse | None = None
        self._closers: list[Callable[[], None]] = []

    def take(self, response: DownloadResponse) -> None:
        """Take the body over; closing the response leaves it open from now on."""
        self.body = response
        self._closers = vars(response).pop("_resource_closers")
        response._resource_closers = []  # type: ignore[attr-defined]

    def close(self) -> None:
        """Close the files of the body. In a thread: it may take a while."""
        for closer in self._closers:
            closer()
        connections.close_all()


class DownloadResponse(StreamingHttpResponse):
    """A streaming response whose body is sent later, under the real server."""

    _later: Later | None = None

    def sent_later(self, request: HttpRequest) -> None:
        """Take notice of where the answer to `request` goes on."""
        self._later = getattr(request, "scope", {}).get(_LATER)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._later:
            self._later.take(self)
            return
        async for block in self.blocks():
            yield block

    async def blocks(self) -> AsyncGenerator[bytes, None]:
        """Yield the body; each block is made in a worker thread, which is free again then."""
        blocks = iter(self)

        def next_block() -> bytes:
            try:
                return next(blocks, b"")
            finally:
                connections.close_all()  # the next block may come from another thread

        while block := await sync_to_async(next_block, thread_sensitive=False)():
            yield block


class Downloads:
    """An ASGI application around Django's that sends the bodies of `DownloadResponse`."""

    def __init__(self, app: Application) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        later = Later()

        async def watched(message: Mapping[str, Any]) -> None:
            is_last = message["type"] == "http.response.body" and not message.get("more_body")
            if not (is_last and later.body):
                await send(message)

        try:
            # A task of its own: what Django keeps for each request goes with it.
            await asyncio.create_task(_run(self._app, {**scope, _LATER: later}, receive, watched))
            if later.body:
                await _send_body(later.body, receive, send)
        finally:
            if later.body:
                await sync_to_async(later.close, thread_sensitive=False)()


async def _run(app: Application, scope: Scope, receive: Receive, send: Send) -> None:
    await app(scope, receive, send)


async def _send_body(body: DownloadResponse, receive: Receive, send: Send) -> None:
    gone = asyncio.create_task(_until_gone(receive))
    try:
        async with aclosing(body.blocks()) as blocks:
            async for block in blocks:
                await send({"type": "http.response.body", "body": block, "more_body": True})
                if gone.done():
                    return
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    finally:
        gone.cancel()


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass  # a body that nobody asked for
