"""The children that draw: one per card at most, kept for a while, as loading takes a minute."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from trainer.engines.diffusers.cards import Card
from trainer.engines.diffusers.child_process import Child
from trainer.engines.diffusers.protocol import Base, DrawOrder
from trainer.engines.diffusers.setup import Setup


@dataclass(slots=True, eq=False)
class _Kept:
    """A child that has a base model loaded; `stack` ends it."""

    base: Base
    child: Child
    stack: AsyncExitStack
    timer: asyncio.TimerHandle | None = None

    def cancel_timer(self) -> None:
        if self.timer:
            self.timer.cancel()


class Drawers:
    """Who draws on which card. Used on the event loop only."""

    def __init__(self, setup: Setup, keep_seconds: float) -> None:
        self._setup, self._keep_seconds = setup, keep_seconds
        self._kept: dict[str, _Kept] = {}
        self._ending: dict[str, asyncio.Task[None]] = {}

    def have(self, card: str) -> bool:
        """Whether one of them is on a card, by its index."""
        ending = self._ending.get(card)
        return card in self._kept or (ending is not None and not ending.done())

    async def draw(self, card: Card, order: DrawOrder) -> None:
        """Write the picture that is ordered; nobody else may use the card meanwhile. Raises
        ChildEndedError, and OSError where no child can be started."""
        kept = await self._ready(card, order)
        try:
            async for _message in kept.child.messages():
                pass
        except BaseException:
            await self.end(card.index)
            raise
        loop = asyncio.get_running_loop()
        kept.timer = loop.call_later(self._keep_seconds, self._begin_end, card.index)
        if not self._keep_seconds:
            await self.end(card.index)

    async def end(self, card: str) -> None:
        """End the one on a card, if there is one; its memory is free when this returns."""
        self._begin_end(card)
        if ending := self._ending.get(card):
            await asyncio.wait([ending])

    async def close(self) -> None:
        """End them all."""
        for card in [*self._kept, *self._ending]:
            await self.end(card)

    async def _ready(self, card: Card, order: DrawOrder) -> _Kept:
        """Return a child that was told the order: the kept one, or another in its place."""
        kept = self._kept.get(card.index)
        if kept and kept.base == order.base and kept.child.is_running:
            kept.cancel_timer()
            kept.child.ask(order)
            return kept
        await self.end(card.index)
        async with AsyncExitStack() as stack:
            log_path = Path(stack.enter_context(TemporaryDirectory())) / "log.txt"
            setup = self._setup
            child = Child(setup.places.python, order, log_path, card.index, setup.limits)
            await stack.enter_async_context(child)
            self._kept[card.index] = _Kept(order.base, child, stack.pop_all())
        return self._kept[card.index]

    def _begin_end(self, card: str) -> None:
        if kept := self._kept.pop(card, None):
            kept.cancel_timer()
            self._ending[card] = asyncio.ensure_future(kept.stack.aclose())
