"""Brings runs forward: each starts, works and ends in its time, also over restarts.

What there is to do follows from what is recorded, so a process that was killed goes on where the
real service would be by then.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from emulators.faults.plan import Plan
from emulators.faults.rules import STUCK
from emulators.hosted.agenda import Agenda
from emulators.hosted.clock import Clock
from emulators.hosted.webhooks import Webhooks
from emulators.replicate.archives import HOSTILE, archive
from emulators.replicate.deliveries import Deliveries
from emulators.replicate.errors import Refusal
from emulators.replicate.logs import STUCK_AT
from emulators.replicate.models import PUBLISHED, Models
from emulators.replicate.painter import Painter
from emulators.replicate.runs import PREDICTION, TRAINING, Run, Runs
from emulators.replicate.sources import FailedRunError, Sources
from trainer.threads import in_thread

log = logging.getLogger("emulators.replicate")

# How runs end when a fault says so, in the words of the real ones where they are known.
FATES = {
    "out_of_memory": "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity "
    "of 79.15 GiB of which 512.00 MiB is free.",
    "moderated": "The input or output was flagged as sensitive. Please try again with different "
    "inputs. (E005)",
    "interrupted": "Prediction interrupted; please retry (code: PA)",
}
ABORTED = "aborted"  # the fault: the deadline passes before the run starts
FATAL_AT = 0.6  # of its time: where a run fails whose fate it is
CANCELING = "canceled"
CANCEL_SECONDS = 0.3
LOG_EVERY = 0.5  # seconds between two webhooks with logs
KEPT_SECONDS = 3600.0  # predictions of the API


class Runner:
    """Works on the runs. Used on the event loop only."""

    def __init__(
        self,
        runs: dict[str, Runs],
        models: Models,
        sources: Sources,
        painter: Painter,
        deliveries: Deliveries,
        webhooks: Webhooks,
        agenda: Agenda,
        clock: Clock,
        plan: Plan,
        queue_seconds: float,
    ) -> None:
        self._runs = runs
        self._models = models
        self._sources = sources
        self._painter = painter
        self._deliveries = deliveries
        self._webhooks = webhooks
        self._agenda = agenda
        self._clock = clock
        self._plan = plan
        self._queue_seconds = queue_seconds
        self._ends: dict[str, asyncio.Event] = {}

    def resume(self) -> None:
        """Enter what is left to do of every run."""
        for run in (run for runs in self._runs.values() for run in runs):
            if run.is_over:
                self._enter_removal(run)
            elif run.fate == CANCELING:
                self._at(self._clock.now(), self._cancel, run)
            elif run.status == "starting":
                self._enter(run)
            else:
                self._enter_end(run)

    async def accept(self, run: Run) -> None:
        """Take in a new run: on the disk when this returns."""
        await self._runs[run.kind].save(run)
        self._enter(run)

    async def cancel(self, run: Run) -> None:
        """Stop a run soon; one that is over stays as it is."""
        if run.is_over or run.fate == CANCELING:
            return
        if run.status == "starting":
            await self._cancel(run)
            return
        run.fate = CANCELING
        await self._runs[run.kind].save(run)
        self._at(self._clock.now() + CANCEL_SECONDS, self._cancel, run)

    async def wait(self, run: Run, seconds: float) -> None:
        """Wait until a run is over, but so many seconds at most."""
        if run.is_over:
            return
        end = self._ends.setdefault(run.id, asyncio.Event())
        with suppress(TimeoutError):
            await asyncio.wait_for(end.wait(), seconds)

    def _enter(self, run: Run) -> None:
        self._at(run.created_at + self._queue_seconds, self._start, run)
        if run.deadline is not None:
            self._at(run.deadline, self._miss, run)

    def _enter_end(self, run: Run) -> None:
        share = FATAL_AT if run.fate else 1.0
        self._at((run.started_at or 0) + run.seconds * share, self._end, run)
        if run.deadline is not None:
            self._at(run.deadline, self._miss, run)
        self._enter_log(run)

    def _enter_log(self, run: Run) -> None:
        if self._is_wanted(run, "logs"):
            pause = max(LOG_EVERY, run.seconds / 10)
            self._at(self._clock.now() + pause, self._send_log, run)

    def _enter_removal(self, run: Run) -> None:
        if run.kind == PREDICTION and not run.data_removed:
            self._at((run.completed_at or 0) + KEPT_SECONDS, self._remove_data, run)

    def _at(self, moment: float, work: Callable[[Run], Any], run: Run) -> None:
        self._agenda.at(moment, partial(work, run))

    async def _start(self, run: Run) -> None:
        if run.status != "starting":
            return
        if self._plan.befalls(ABORTED, run.id):
            await self._finish(run, "aborted")
            return
        started_at = self._clock.now()
        try:
            await self._prepare(run)
        except FailedRunError as error:
            if not run.is_over:
                run.started_at = started_at
                await self._finish(run, "failed", str(error))
            return
        if not run.is_over:
            fates = (fate for fate in FATES if self._plan.befalls(fate, run.id))
            run.started_at, run.status, run.fate = started_at, "processing", next(fates, "")
            await self._runs[run.kind].save(run)
            await self._send(run, "start")
            self._enter_end(run)

    async def _prepare(self, run: Run) -> None:
        if run.kind == PREDICTION:
            await self._painter.check(run)
            return
        colours = self._deliveries.colours(run.id)
        field = PUBLISHED[run.model].dataset
        run.captions = (await self._sources.dataset(run, field, colours)).captions

    async def _end(self, run: Run) -> None:
        while self._plan.befalls(STUCK, run.id):
            await self._plan.changed()
        if run.is_over or run.fate == CANCELING:
            return
        if run.fate:
            await self._finish(run, "failed", FATES[run.fate])
            return
        try:
            await self._succeed(run)
        except FailedRunError as error:
            await self._finish(run, "failed", str(error))

    async def _succeed(self, run: Run) -> None:
        output = await (self._deliver(run) if run.kind == TRAINING else self._painter.paint(run))
        if run.is_over or run.fate == CANCELING:
            return
        run.output = output
        await self._send(run, "output")
        await self._finish(run, "succeeded")

    async def _deliver(self, run: Run) -> dict[str, str]:
        """Store the weights of a training and its version; return its output."""
        try:
            self._models.get_own(run.destination)
        except Refusal:
            raise FailedRunError("The training destination does not exist any more") from None
        data = await in_thread(archive, run, is_hostile=self._plan.befalls(HOSTILE, run.id))
        name = PUBLISHED[run.model].archive
        weights = await in_thread(self._deliveries.keep, run, name, data)
        # From the run's id: a training that a kill interrupts here makes the same one again.
        version = hashlib.sha256(run.id.encode()).hexdigest()
        await self._models.add_version(
            {
                "id": version,
                "model": run.destination,
                "trainer": run.model,
                "training": run.id,
                "created_at": self._clock.now(),
            }
        )
        return {"version": f"{run.destination}:{version}", "weights": weights}

    async def _cancel(self, run: Run) -> None:
        if not run.is_over:
            await self._finish(run, "canceled")

    async def _miss(self, run: Run) -> None:
        """End a run whose deadline has come: not billed if it has not started."""
        if not run.is_over:
            await self._finish(run, "aborted" if run.status == "starting" else "canceled")

    async def _finish(self, run: Run, status: str, error: str | None = None) -> None:
        run.status, run.error, run.completed_at = status, error, self._clock.now()
        await self._runs[run.kind].save(run)
        log.info("%s %s %s", run.kind.capitalize(), run.id, status)
        await self._send(run, "completed")
        if end := self._ends.pop(run.id, None):
            end.set()
        if status != "succeeded":
            self._deliveries.remove_colours(run.id)
        self._enter_removal(run)

    async def _remove_data(self, run: Run) -> None:
        run.input, run.wanted, run.output, run.data_removed = {}, {}, None, True
        await self._runs[run.kind].save(run)
        self._deliveries.remove(run.delivery)

    async def _send_log(self, run: Run) -> None:
        if not run.is_over:
            await self._send(run, "logs")
            self._enter_log(run)

    async def _send(self, run: Run, event: str) -> None:
        if self._is_wanted(run, event):
            document = self._runs[run.kind].answer(run, run.base)
            await self._webhooks.send(run.webhook, document, is_final=event == "completed")

    def _is_wanted(self, run: Run, event: str) -> bool:
        return bool(run.webhook) and (run.events is None or event in run.events)


def elapsed(run: Run, clock: Clock, plan: Plan) -> float:
    """Return for how many seconds a run has worked, as its log shows it."""
    if run.started_at is None:
        return 0.0
    spent = (run.completed_at or clock.now()) - run.started_at
    is_stuck = not run.is_over and plan.befalls(STUCK, run.id)
    return min(spent, STUCK_AT * run.seconds) if is_stuck else spent
