"""Takes requests from the queue to their end. What is due follows from what is recorded, so a
process that was killed goes on where it was: what has had its time ends at once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from emulators.fal.behaviour import FORGETS_CANCELLED, IGNORES_CANCEL, WITHHELD, ending_of
from emulators.fal.catalog.endpoints import Endpoint
from emulators.fal.catalog.offered import CATALOG
from emulators.fal.errors import FalError, request_error
from emulators.fal.records import COMPLETED, IN_QUEUE, FalRequest, Requests
from emulators.fal.storage.files import Files
from emulators.fal.work import datasets, results
from emulators.fal.work.failures import failure
from emulators.fal.work.loras import Lora, fetch_loras
from emulators.faults.plan import Plan
from emulators.faults.rules import STUCK
from emulators.hosted.agenda import Agenda
from emulators.hosted.clock import Clock
from emulators.hosted.records import Json
from trainer.threads import in_thread

log = logging.getLogger("emulators.fal")

READERS = 2  # datasets that are decoded at the same moment
Told = Callable[[FalRequest], Awaitable[None]]


class Runner:
    """Works on all requests. Used on the event loop only."""

    def __init__(
        self,
        requests: Requests,
        files: Files,
        folder: Path,
        clock: Clock,
        agenda: Agenda,
        plan: Plan,
        queue_seconds: float,
        tell: Told,
    ) -> None:
        self._requests = requests
        self._files = files
        self._folder = folder
        self._clock = clock
        self._agenda = agenda
        self._plan = plan
        self._queue_seconds = queue_seconds
        self._tell = tell
        self._reading = asyncio.Semaphore(READERS)
        self._ends: dict[str, asyncio.Event] = {}

    def resume(self) -> None:
        """Go on with what an earlier process has left."""
        for request in self._requests.all():
            if request.state != COMPLETED:
                self._enter(request)
            elif not request.is_told:
                self._agenda.at(0.0, partial(self._announce, request))

    async def accept(self, request: FalRequest) -> None:
        """Take in a request: it is on the disk when this returns."""
        await self._requests.save(request)
        self._enter(request)

    def position(self, request: FalRequest) -> int:
        """Return how many requests start before this one."""
        waiting = (other for other in self._requests.all() if other.state == IN_QUEUE)
        return sum(other.created_at < request.created_at for other in waiting)

    async def ended(self, request: FalRequest) -> None:
        """Wait for the end of a request."""
        if request.state != COMPLETED:
            await self._ends.setdefault(request.id, asyncio.Event()).wait()

    async def cancel(self, request: FalRequest) -> bool:
        """Ask a request to stop; return whether it had not ended yet.

        One that waits is removed. One that runs is only told, and may go on all the same.
        """
        if request.state == COMPLETED:
            return False
        if request.started_at and self._plan.befalls(IGNORES_CANCEL, request.subject):
            return True
        request.is_forgotten = self._plan.befalls(FORGETS_CANCELLED, request.subject)
        message = "Request was cancelled by the client"
        await self._fail(request, request_error("client_cancelled", message))
        return True

    def _enter(self, request: FalRequest) -> None:
        """Put what comes next on the agenda."""
        if request.is_prepared:
            self._agenda.at(request.started_at + request.seconds, partial(self._finish, request))
            return
        starts_at = request.created_at + (0 if request.is_direct else self._queue_seconds)
        if request.start_within:
            deadline = request.created_at + request.start_within
            self._agenda.at(deadline, partial(self._give_up, request))
        self._agenda.at(starts_at, partial(self._start, request))

    async def _give_up(self, request: FalRequest) -> None:
        if request.state == IN_QUEUE:
            await self._fail(request, request_error("request_timeout", "Request timed out"))

    async def _start(self, request: FalRequest) -> None:
        if request.state == COMPLETED:
            return
        request.started_at = request.started_at or self._clock.now()
        await self._requests.save(request)
        async with self._failing(request):
            await self._prepare(request, CATALOG[request.endpoint])
            if request.state != COMPLETED:  # cancelled meanwhile
                request.is_prepared = True
                await self._requests.save(request)
                self._enter(request)

    async def _prepare(self, request: FalRequest, endpoint: Endpoint) -> None:
        if endpoint.is_trainer:
            async with self._reading:
                folder = results.colours_of(self._folder, request)
                await in_thread(datasets.prepare, endpoint, request.values, folder)

    async def _finish(self, request: FalRequest) -> None:
        while self._plan.befalls(STUCK, request.subject):
            await self._plan.changed()
        if request.state == COMPLETED:
            return
        async with self._failing(request):
            if ending := ending_of(self._plan, request.subject):
                raise failure(ending, request)
            output = await self._make(request, CATALOG[request.endpoint])
            await self._succeed(request, output)

    @asynccontextmanager
    async def _failing(self, request: FalRequest) -> AsyncIterator[None]:
        """End a request with what goes wrong in the block."""
        try:
            yield
        except FalError as error:
            await self._fail(request, error)
        except Exception:
            log.exception("Request %s ended with an error", request.id)
            await self._fail(request, request_error("internal_error", "Internal server error"))

    async def _make(self, request: FalRequest, endpoint: Endpoint) -> Json:
        values = request.values
        if endpoint.is_trainer:
            return await results.train(request, endpoint, self._files, values)
        loras: tuple[Lora, ...] = await in_thread(fetch_loras, endpoint, values, self._folder)
        is_withheld = self._plan.befalls(WITHHELD, request.subject)
        return await results.draw_pictures(
            request, endpoint, self._files, values, loras, is_withheld=is_withheld
        )

    async def _succeed(self, request: FalRequest, output: Json) -> None:
        if request.state == COMPLETED:  # cancelled while its files were made
            return
        request.status_code, request.output = 200, output
        request.units = CATALOG[request.endpoint].units(request.values)
        request.usd = request.units * request.unit_usd
        await self._end(request)

    async def _fail(self, request: FalRequest, error: FalError) -> None:
        if request.state == COMPLETED:
            return
        request.status_code, request.output = error.status, error.body
        request.error_type = error.error_type
        request.error = str(error.detail) if error.error_type else ""
        await self._end(request)

    async def _end(self, request: FalRequest) -> None:
        request.ended_at = self._clock.now()
        request.is_told = not request.webhook
        await self._requests.save(request)
        if event := self._ends.pop(request.id, None):
            event.set()
        if not request.is_told:
            await self._announce(request)

    async def _announce(self, request: FalRequest) -> None:
        await self._tell(request)
        request.is_told = True
        await self._requests.save(request)
