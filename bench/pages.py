"""Open pages by the thousand: their streams, and when each received what."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from theway.processes.waiting import wait_until

REQUEST = "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {session}\r\n\r\n"
AT_ONCE = 100  # connections that are being opened; more would only wait in the server's backlog
OPENED = b"retry:"
UPDATE = b"event: update"
OVER = b"0\r\n\r\n"  # the last chunk of an answer (RFC 9112, 7.1)


class Page(asyncio.Protocol):
    """One page's stream: what arrived on it, and when (monotonic seconds)."""

    def __init__(self, path: str, session: str) -> None:  # the session as a cookie
        self.path, self.session = path, session
        self.status = ""
        self.opened_at = self.updated_at = self.ended_at = 0.0
        self.updates = 0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(REQUEST.format(path=self.path, session=self.session).encode())

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        self.status = self.status or data[9:12].decode()
        if OPENED in data:
            self.opened_at = self.opened_at or now
        if UPDATE in data:
            self.updates += data.count(UPDATE)
            self.updated_at = now
        if data.endswith(OVER):
            self.ended_at = now

    def connection_lost(self, error: Exception | None) -> None:
        self.ended_at = self.ended_at or time.monotonic()

    def close(self) -> None:
        if self._transport:
            self._transport.abort()


class Crowd:
    """All open pages, in an event loop of their own thread."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self.pages: list[Page] = []

    def open(self, pages: Sequence[Page], limit: float) -> bool:
        """Open the streams and wait for the first byte of all; False if that takes too long."""
        self.pages += pages
        self._run(self._connect_all(pages))
        return wait_until(lambda: all(page.opened_at or page.ended_at for page in pages), limit)

    def close(self) -> None:
        """Leave all pages at once."""

        async def close() -> None:
            for page in self.pages:
                page.close()

        self._run(close())
        self.pages = []

    async def _connect_all(self, pages: Sequence[Page]) -> None:
        room = asyncio.Semaphore(AT_ONCE)

        async def connect(page: Page) -> None:
            async with room:
                await self._loop.create_connection(lambda: page, "127.0.0.1", self._port)
                while not (page.opened_at or page.ended_at):
                    await asyncio.sleep(0.02)

        await asyncio.gather(*map(connect, pages))

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result()


def last(
    pages: Sequence[Page], moment: Callable[[Page], float], since: float, limit: float
) -> float | None:
    """The last page's `moment`, once all have one after `since`; None if one never has."""
    if not wait_until(lambda: all(moment(page) >= since for page in pages), limit):
        return None
    return max(moment(page) for page in pages)
