"""Runs that get stuck."""

from __future__ import annotations

import asyncio

from trainer.engines.base import Engine, PictureRequest, Work
from trainer.faults.plan import Plan


class StickingEngine:
    """An engine whose trainings stand still while a rule says so.

    It uses what every engine promises: to let go of a run and to go on with it later.
    """

    def __init__(self, engine: Engine, plan: Plan) -> None:
        self.name = engine.name
        self.training_seconds = engine.training_seconds
        self._engine = engine
        self._plan = plan

    async def train(self, work: Work) -> None:
        """See `Engine.train`."""
        while not await self._finished(work):
            while self._plan.holds(work.run.id):
                await self._plan.changed()

    async def draw(self, request: PictureRequest) -> bytes:
        """See `Engine.draw`."""
        return await self._engine.draw(request)

    async def _finished(self, work: Work) -> bool:
        """Train until the end or until the run is held; say whether it was the end."""
        training = asyncio.ensure_future(self._engine.train(work))
        try:
            while not training.done() and not self._plan.holds(work.run.id):
                await self._end_or_change(training)
            if not training.done():
                return False
            training.result()
            return True
        finally:
            await _let_go(training)

    async def _end_or_change(self, training: asyncio.Future[None]) -> None:
        change = asyncio.ensure_future(self._plan.changed())
        try:
            await asyncio.wait({training, change}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            change.cancel()


async def _let_go(training: asyncio.Future[None]) -> None:
    training.cancel()
    await asyncio.wait({training})
    if not training.cancelled():
        training.exception()  # looked at, so that asyncio does not report it as lost
