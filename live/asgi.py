"""Streams without Django: what keeps ten thousand open pages from holding as many threads.

Django gives every request a thread of its own (for middleware, sessions and queries) and keeps it
until the answer is complete. A stream is complete when its page is closed. So Django answers the
request as it answers any other, with all its checks and headers, and is done; only the end of the
answer is held back, and the stream is sent in its place.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from typing import Any

from live import addresses, reader as live
from live.messages import END
from live.opening import OPENING, Opening
from live.reader import Reader, Subscriber

Scope = dict[str, Any]
Receive = Callable[[], Coroutine[Any, Any, Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Coroutine[Any, Any, None]]
Application = Callable[[Scope, Receive, Send], Coroutine[Any, Any, None]]

# Streams that Django checks at a time. After a restart all open pages come back at once: they
# wait for their turn here, where that costs nothing, and the other pages stay fast.
AT_ONCE = 4


class LiveStreams:
    """An ASGI application around Django's that continues the answers that begin streams."""

    def __init__(self, app: Application, reader: Reader = live.reader) -> None:
        self._app, self._reader = app, reader
        self._room = asyncio.Semaphore(AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not addresses.is_stream(scope["path"]):
            await self._app(scope, receive, send)
            return
        opening = Opening(self._reader)
        try:
            await self._begin(opening, scope, receive, send)
            if opening.subscriber and opening.pieces and opening.is_begun and not opening.is_left:
                await self._continue(opening.subscriber, opening.pieces, receive, send)
        finally:
            if opening.subscriber:
                self._reader.unsubscribe(opening.subscriber)

    async def _begin(self, opening: Opening, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._room:
            # A task of its own: what Django keeps for each request goes with it.
            await asyncio.create_task(
                self._app(
                    {**scope, OPENING: opening},
                    _without_body(opening, receive),
                    _Beginning(opening, send),
                )
            )

    async def _continue(
        self, subscriber: Subscriber, pieces: AsyncIterator[bytes], receive: Receive, send: Send
    ) -> None:
        leaving = asyncio.create_task(_end_when_gone(subscriber, receive))
        try:
            async for piece in pieces:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            leaving.cancel()


class _Beginning:
    """Passes Django's answer on, but for the end of one that is to be continued."""

    def __init__(self, opening: Opening, send: Send) -> None:
        self._opening, self._send = opening, send
        self._status = 0

    async def __call__(self, message: Mapping[str, Any]) -> None:
        self._status = message.get("status", self._status)
        is_last = message["type"] == "http.response.body" and not message.get("more_body")
        # A middleware may still have answered with an error of its own.
        if is_last and self._opening.subscriber and self._status == 200:
            self._opening.is_begun = True
        else:
            await self._send(message)


def _without_body(opening: Opening, receive: Receive) -> Receive:
    """Give Django an empty body: it would wait for the whole of one, in the place of others."""
    is_first = True

    async def received() -> Mapping[str, Any]:
        nonlocal is_first
        if is_first:
            is_first = False
            return {"type": "http.request", "body": b"", "more_body": False}
        await _until_gone(receive)
        opening.is_left = True  # nobody is told twice
        return {"type": "http.disconnect"}

    return received


async def _end_when_gone(subscriber: Subscriber, receive: Receive) -> None:
    await _until_gone(receive)
    subscriber.put(END)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass  # a body that nobody asked for
