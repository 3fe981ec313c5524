"""Whether a training fits a card, and how: the largest size first, then the finest precision."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from trainer.engines.diffusers.cards import Card
from trainer.engines.diffusers.known import GIB, KNOWN, Known

SIDES = (1024, 768, 512)
PRECISIONS = ("bfloat16", "int8", "nf4")
KNOWS_BFLOAT16 = 8.0


@dataclass(frozen=True, slots=True)
class Choice:
    """How a base model is trained: in which precision, at most at which size, in how many bytes."""

    precision: str
    side: int
    needs: int


def choice_for(known: Known, free: int, wanted: int) -> Choice | None:
    """Return how a model is trained within `free` bytes, photos being wanted at `wanted` pixels;
    None where it does not fit."""
    for side in [one for one in SIDES if one <= max(wanted, SIDES[-1])]:
        for precision in PRECISIONS:
            needs = known.needs(precision, side)
            if needs <= free:
                return Choice(precision, side, needs)
    return None


def why_not(known: Known, card: Card, installed: Iterable[str]) -> str:
    """Return a sentence for one that does not fit, with what would; empty where it does."""
    if not known.is_supported:
        return f"{known.name} cannot be trained here yet."
    if card.computes < KNOWS_BFLOAT16 and not known.family.startswith("sd"):
        return (
            f"{known.name} needs a card that knows bfloat16 (RTX 30 or newer); "
            f"{card.name} does not."
        )
    if choice_for(known, card.free, SIDES[-1]):
        return ""
    least = known.needs("nf4", SIDES[-1])
    others = [KNOWN[name] for name in installed if name in KNOWN and name != known.name]
    fitting = next((one for one in others if choice_for(one, card.free, SIDES[-1])), None)
    instead = f"Train {fitting.name} instead" if fitting else "Use a hosted trainer"
    return (
        f"{known.name} needs {least / GIB:.1f} GB on the card at the least (4-bit, 512 pixels); "
        f"{card.name} has {card.memory / GIB:.1f} GB, {card.free / GIB:.1f} of them free. "
        f"{instead}, or close what uses the card."
    )
