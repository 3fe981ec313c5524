"""What is to be done at which time of the service's clock."""

from __future__ import annotations

import asyncio
import heapq
import logging
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

from emulators.hosted.clock import Clock

log = logging.getLogger("emulators.hosted")

Work = Callable[[], Awaitable[None]]


class Agenda:
    """Starts work when its time has come. In memory: whoever resumes enters it again.

    Used on the event loop only. Work that raises is logged and does not stop the rest.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: list[tuple[float, int, Work]] = []
        self._numbers = count()  # equal times: first come, first served
        self._earlier = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    def at(self, moment: float, work: Work) -> None:
        """Enter work for a moment; at once where that has passed."""
        heapq.heappush(self._entries, (moment, next(self._numbers), work))
        self._earlier.set()

    async def run(self) -> None:
        """Do everything in its time, until cancelled; then all that is under way is cancelled."""
        try:
            while True:
                self._start_due()
                await self._next()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start_due(self) -> None:
        now = self._clock.now()
        while self._entries and self._entries[0][0] <= now:
            task = asyncio.create_task(_logged(heapq.heappop(self._entries)[2]))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _next(self) -> None:
        """Wait until something is due, was entered, or the clock jumped."""
        self._earlier.clear()
        waits: list[asyncio.Future[Any]] = [
            asyncio.ensure_future(self._earlier.wait()),
            asyncio.ensure_future(self._clock.changed()),
        ]
        # Read after the waits are there: a jump in between must not be slept through.
        left = max(0.0, self._entries[0][0] - self._clock.now()) if self._entries else None
        try:
            await asyncio.wait(waits, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()


async def _logged(work: Work) -> None:
    try:
        await work()
    except Exception:
        log.exception("Something in the emulator went wrong")
