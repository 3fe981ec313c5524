"""The cards, each lent to one child at a time, in the order of asking."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from trainer.engines.diffusers.cards import Card, cards
from trainer.threads import in_thread


class Lending:
    """Who has which card. Used on the event loop only. `is_kept` says whether a child is on a card
    that nobody has."""

    def __init__(self, found: Sequence[Card], is_kept: Callable[[str], bool]) -> None:
        self._is_kept = is_kept
        self._idle = {card.index: card for card in found}  # as each was before a child had it
        self._lent: set[str] = set()
        self._free: asyncio.Queue[str] = asyncio.Queue()
        for card in found:
            self._free.put_nowait(card.index)

    @asynccontextmanager
    async def one(self, empty: Callable[[str], Awaitable[None]]) -> AsyncIterator[Card]:
        """Wait for a card and have it emptied; how full it still is is asked at that moment."""
        async with self.any() as card:
            await empty(card.index)
            self._lent.discard(card.index)
            await self._ask()
            self._lent.add(card.index)
            yield self._idle[card.index]

    @asynccontextmanager
    async def any(self) -> AsyncIterator[Card]:
        """Wait for a card, whatever is on it."""
        index = await self._free.get()
        self._lent.add(index)
        try:
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
            is_ours = card.index in self._lent or self._is_kept(card.index)
            if card.index in self._idle and not is_ours:
                self._idle[card.index] = card
