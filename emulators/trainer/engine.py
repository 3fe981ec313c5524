"""Runs that get stuck."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from emulators.faults.plan import Plan
from emulators.faults.rules import STUCK
from trainer.engines.base import Engine, ImageRequest
from trainer.models import BaseModel
from trainer.runs.work import Work


class StuckEngine:
    """An engine whose trainings stand still while a rule says so.

    It relies on what every engine promises: to release a run and to resume it later.
    """

    def __init__(self, engine: Engine, plan: Plan) -> None:
        self.name, self.why = engine.name, engine.why
        self.training_seconds = engine.training_seconds
        self.slots = engine.slots
        self._engine = engine
        self._plan = plan

    def models(self) -> Mapping[str, BaseModel]:
        """See `Engine.models`."""
        return self._engine.models()

    async def fit(self, model: str, batch: int = 1) -> dict[str, Any] | None:
        """See `Engine.fit`."""
        return await self._engine.fit(model, batch)

    async def missing(self, model: str) -> str:
        """See `Engine.missing`."""
        return await self._engine.missing(model)

    async def train(self, work: Work) -> None:
        """See `Engine.train`."""
        while not await self._train(work):
            while self._plan.befalls(STUCK, work.run.id):
                await self._plan.changed()

    async def generate(self, request: ImageRequest) -> bytes:
        """See `Engine.generate`."""
        return await self._engine.generate(request)

    async def close(self) -> None:
        """See `Engine.close`."""
        await self._engine.close()

    async def _train(self, work: Work) -> bool:
        """Train until the end or until the run is stuck; return whether it was the end."""
        training = asyncio.ensure_future(self._engine.train(work))
        try:
            while not training.done() and not self._plan.befalls(STUCK, work.run.id):
                await self._end_or_change(training)
            if not training.done():
                return False
            training.result()
            return True
        finally:
            await _cancel(training)

    async def _end_or_change(self, training: asyncio.Future[None]) -> None:
        change = asyncio.ensure_future(self._plan.changed())
        try:
            await asyncio.wait({training, change}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            change.cancel()


async def _cancel(training: asyncio.Future[None]) -> None:
    training.cancel()
    await asyncio.wait({training})
    if not training.cancelled():
        training.exception()  # retrieved, so that asyncio does not report it as lost
