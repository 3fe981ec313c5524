"""The cards, each lent to one child at a time, in the order of asking."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from trainer.engines.diffusers.cards import Card, cards
from trainer.threads import in_thread


class Lending:
    """Who has which card. Used on the event loop only."""

    def __init__(self, found: Sequence[Card]) -> None:
        self._idle = {card.index: card for card in found}  # as each was before a child had it
        self._lent: set[str] = set()
        self._free: asyncio.Queue[str] = asyncio.Queue()
        for card in found:
            self._free.put_nowait(card.index)

    @asynccontextmanager
    async def one(self) -> AsyncIterator[Card]:
        """Wait for a card; how full it is is asked at that moment."""
        index = await self._free.get()
        try:
            await self._ask()
            self._lent.add(index)
            yield self._idle[index]
        finally:
            self._lent.discard(index)
            self._free.put_nowait(index)

    async def best(self) -> Card:
        """Return the card with the most memory free, those that are lent as they were before."""
        await self._ask()
        return max(self._idle.values(), key=lambda card: card.free)

    async def _ask(self) -> None:
        """Note how full the cards are that none of our children has."""
        for card in await in_thread(cards):
            if card.index in self._idle and card.index not in self._lent:
                self._idle[card.index] = card
