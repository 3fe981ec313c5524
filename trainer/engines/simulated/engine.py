"""The simulated engine: goes through the stages of a training in a given time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trainer.engines.base import ImageRequest
from trainer.engines.simulated import timeline
from trainer.engines.simulated.models import BASE_MODELS
from trainer.engines.simulated.timeline import Moment
from trainer.models import BaseModel
from trainer.runs.work import Work
from trainer.threads import in_thread

MAX_GENERATIONS = 2  # at once; each may take a few tens of megabytes
# Trainings that decode their photos at the same moment: more would take the processor and the
# threads from the requests that are answered meanwhile.
MAX_READERS = 1
# Progress updates per second of all trainings: thousands of them share one event loop.
MAX_UPDATES = 2_000


class SimulatedEngine:
    """Needs no GPU and no torch. See `engines.base.Engine`."""

    name = "simulated"

    def __init__(
        self, training_seconds: float, image_seconds: float, slots: int = 2, why: str = ""
    ) -> None:
        self.training_seconds = training_seconds
        self.why = why
        self.slots = slots
        self._image_seconds = image_seconds
        self._generating = asyncio.Semaphore(MAX_GENERATIONS)
        self._reading = asyncio.Semaphore(MAX_READERS)
        self._working = 0

    def models(self) -> Mapping[str, BaseModel]:
        """Return what can be simulated."""
        return BASE_MODELS

    async def fit(self, model: str, batch: int = 1) -> dict[str, Any] | None:
        """Return nothing: a simulation needs no card."""
        return None

    async def missing(self, model: str) -> str:
        """Return that a base model cannot be had here."""
        return f"Model {model!r} cannot be trained."

    async def train(self, work: Work) -> None:
        """Go through the moments of a run that have not been reported yet."""
        self._working += 1
        try:
            await SimulatedTraining(work, self).complete()
        finally:
            self._working -= 1

    def pause(self, seconds: float) -> float:
        """Return the seconds between two updates of a training that takes `seconds`.

        Half a second; less for a training of less than half a minute, more in a crowd.
        """
        return min(max(0.5, self._working / MAX_UPDATES), seconds / 60)

    async def read_photos(self, folder: Path) -> None:
        """Decode a run's photos, in turn with the other runs."""
        from trainer.engines.simulated.photos import read_photos

        async with self._reading:
            await in_thread(read_photos, folder)

    async def generate(self, request: ImageRequest) -> bytes:
        """Return one image; takes about the configured time."""
        from trainer.engines.simulated.images import render

        await asyncio.sleep(self._image_seconds)
        async with self._generating:
            return await in_thread(render, request)

    async def close(self) -> None:
        """Keep nothing, and so let go of nothing."""


class SimulatedTraining:
    """One run. How far it is follows from what is recorded and from the time."""

    def __init__(self, work: Work, engine: SimulatedEngine) -> None:
        self._work = work
        self._engine = engine
        self._run = work.run
        self._last_loss = 0

    async def complete(self) -> None:
        """Report what is left of the plan, each moment when its time has come."""
        moments = timeline.plan(self._run)
        done = await self._work.event_count()
        self._last_loss = await self._work.last_loss_step()
        elapsed = max(self._run.elapsed, moments[done - 1].at * self._run.seconds if done else 0)
        self._started = time.monotonic() - elapsed
        if done:
            self._work.status(moments[done - 1].status)
            self._report(elapsed, timeline.step_at(self._run, elapsed / self._run.seconds))
        for moment in moments[done:]:
            await self._wait_for(moment)
            await self._act(moment)
            self._work.status(moment.status)
            self._work.event(moment.kind, moment.message, step=moment.step)
        await self._wait_until(self._run.seconds)

    async def _wait_for(self, moment: Moment) -> None:
        await self._wait_until(moment.at * self._run.seconds)
        if moment.step is not None:
            self._report(self._elapsed(), moment.step)

    async def _wait_until(self, elapsed: float) -> None:
        while (left := elapsed - self._elapsed()) > 0:
            await asyncio.sleep(min(left, self._engine.pause(self._run.seconds)))
            now = self._elapsed()
            self._report(now, timeline.step_at(self._run, now / self._run.seconds))

    def _report(self, elapsed: float, step: int) -> None:
        run = self._run
        steps = timeline.loss_steps(run, self._last_loss, step)
        self._work.losses(
            [(at, timeline.loss(run, at), timeline.learning_rate(run, at)) for at in steps]
        )
        self._last_loss = max(self._last_loss, step)
        left = max(0.0, run.seconds - elapsed)
        self._work.progress(elapsed=elapsed, step=step, seconds_left=left)

    async def _act(self, moment: Moment) -> None:
        """Do the part of a moment that is real."""
        from trainer.engines.simulated.adapter import write_adapter

        folder = self._work.folder
        if moment.kind == "training_data_download_complete":
            await self._engine.read_photos(folder)
        elif moment.kind == "checkpoint_save":
            step = moment.step or 0
            path = folder / "checkpoints" / f"{step}.safetensors"
            await in_thread(write_adapter, self._run, path, step)
        elif moment.kind == "model_upload_complete":
            path = folder / "adapter.safetensors"
            await in_thread(write_adapter, self._run, path, self._run.total_steps)

    def _elapsed(self) -> float:
        return time.monotonic() - self._started
