"""Whether a training fits a card, and how: the largest size first, then the finest precision."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from trainer.engines.diffusers.cards import Card
from trainer.engines.diffusers.known import GIB, KNOWN, Known
from trainer.engines.diffusers.measured import Measured, Measurements, Way
from trainer.models import MAX_BATCH

SIDES = (1024, 768, 512)
KNOWS_BFLOAT16 = 8.0
# Of the memory that is free: the rest is for windows that open, and for holes between what was
# given back.
SAFE = 0.95
_TOLD = {"float32": "32 bits", "bfloat16": "16 bits", "int8": "8 bits", "nf4": "4 bits"}
_NOTHING = Measurements()
DRAWING = 2.5 * GIB  # besides the base, for a picture


@dataclass(frozen=True, slots=True)
class Choice:
    """How a base model is trained: in which precision, at most at which size, in how many bytes."""

    precision: str
    side: int
    needs: int

    @property
    def words(self) -> str:
        return f"at {self.side} pixels in {_TOLD[self.precision]}"


def choices(
    known: Known,
    card: Card,
    wanted: int = SIDES[0],
    batch: int = 1,
    measured: Measurements = _NOTHING,
) -> list[Choice]:
    """Return the ways to train photos wanted at `wanted` pixels, the best first, whether they fit
    or not. What this machine has measured takes the place of what is foretold."""
    largest = min(wanted, known.largest)
    sides = [one for one in SIDES if one <= largest] or [largest]
    found = []
    for side in sides:
        for precision in known.precisions if card.index else ("float32",):
            took = _took(known, card, precision, side, measured)
            counted = took.needs if took and batch == 1 else 0
            needs = counted or known.needs(precision, side, batch)
            found.append(Choice(precision, side, needs))
    return found


def choice_for(
    known: Known,
    card: Card,
    wanted: int = SIDES[0],
    batch: int = 1,
    measured: Measurements = _NOTHING,
) -> Choice | None:
    """Return the best way that fits into what is free; None where none does."""
    ways = choices(known, card, wanted, batch, measured)
    return next((one for one in ways if one.needs <= usable(card)), None)


def smaller(ways: list[Choice], precision: str, side: int) -> Choice | None:
    """Return the next way that needs less than this one; None where there is none."""
    at = next(
        (at for at, one in enumerate(ways) if (one.precision, one.side) == (precision, side)), None
    )
    if at is None:
        return None
    return next((one for one in ways[at + 1 :] if one.needs < ways[at].needs), None)


def usable(card: Card) -> int:
    """Return the bytes that a training may count on."""
    return round(card.free * SAFE)


def precision_to_draw(known: Known, card: Card) -> str:
    """Return the finest precision that a picture can be drawn in, empty where none fits.

    It follows from the card and not from what is free now: the same seed is the same picture.
    """
    if not card.index:
        return "float32" if known.needs("float32", SIDES[-1]) <= usable(card) else ""
    fitting = (one for one in known.precisions if known.weighs(one) + DRAWING <= card.memory * SAFE)
    return next(fitting, "")


def largest_batch(known: Known, card: Card, measured: Measurements = _NOTHING) -> int:
    """Return how many photos at a time fit, at whatever size; 0 where not even one does."""
    batches = range(MAX_BATCH, 0, -1)
    return next((n for n in batches if choice_for(known, card, batch=n, measured=measured)), 0)


def why_not(
    known: Known,
    card: Card,
    installed: Iterable[str],
    measured: Measurements = _NOTHING,
    batch: int = 1,
) -> str:
    """Return a sentence for one that does not fit, with what would; empty where it does."""
    if not card.index and not choice_for(known, card):
        return (
            f"{known.name} needs a graphics card, and there is none that its driver knows. Use a "
            "hosted trainer, or a machine with an NVIDIA card."
        )
    if card.computes < KNOWS_BFLOAT16 and not known.family.startswith("sd"):
        return (
            f"{known.name} needs a card that knows bfloat16 (RTX 30 or newer); "
            f"{card.name} does not."
        )
    if not choice_for(known, card, measured=measured):
        return _too_large(known, card, installed, measured)
    if known.is_supported and not choice_for(known, card, batch=batch, measured=measured):
        return _too_many(known, card, measured, batch)
    return "" if known.is_supported else f"{known.name} cannot be trained here yet."


def fit(
    known: Known,
    card: Card,
    installed: Iterable[str],
    measured: Measurements,
    memory: int,
    batch: int = 1,
) -> dict[str, Any]:
    """Return whether and how a base model is trained on a card with so many photos at a time, as
    the service answers it. `memory` are the bytes of the machine's own."""
    why = why_not(known, card, installed, measured, batch)
    chosen = choice_for(known, card, batch=batch, measured=measured)
    shown = chosen or _least(known, card, measured, batch)
    took = _took(known, card, shown.precision, shown.side, measured) if batch == 1 else None
    words = (
        f"{shown.words.capitalize()} on {card.name}: needs {_gb(shown.needs)} of the "
        f"{_gb(card.free)} GB that are free."
    )
    if known.loads() > memory:  # swapping may still save it
        words += (
            f" While it loads, it needs about {known.loads() / GIB:.0f} GB of the machine's own "
            f"memory, which has {memory / GIB:.0f}."
        )
    return {
        "fits": not why,
        "words": why or words,
        "precision": shown.precision,
        "resolution": shown.side,
        "needs_bytes": shown.needs,
        "free_bytes": card.free,
        "card": card.name,
        "seconds_per_step": (took.seconds_per_step or None) if took else None,
        "largest_batch": largest_batch(known, card, measured),
    }


def _too_many(known: Known, card: Card, measured: Measurements, batch: int) -> str:
    least, fitting = _least(known, card, measured, batch), largest_batch(known, card, measured)
    return (
        f"{known.name} with {batch} photos at a time needs {_gb(least.needs / SAFE)} GB on "
        f"{card.name} at the least ({least.words.removeprefix('at ')}), which has "
        f"{_gb(card.free)} GB free. Train with a batch size of {fitting}."
    )


def _too_large(known: Known, card: Card, installed: Iterable[str], measured: Measurements) -> str:
    least = _least(known, card, measured)
    others = [KNOWN[name] for name in installed if name in KNOWN and name != known.name]
    fitting = [one for one in others if choice_for(one, card, measured=measured) and not one.side]
    instead = f"Train {fitting[0].name} instead" if fitting else "Use a hosted trainer"
    return (
        f"{known.name} needs {_gb(least.needs / SAFE)} GB on the card at the least "
        f"({least.words.removeprefix('at ')}); {card.name} has {_gb(card.memory)} GB, "
        f"{_gb(card.free)} of them free. {instead}, or close what uses the card."
    )


def _least(known: Known, card: Card, measured: Measurements, batch: int = 1) -> Choice:
    ways = choices(known, card, batch=batch, measured=measured)
    return min(ways, key=lambda one: one.needs)


def _took(
    known: Known, card: Card, precision: str, side: int, measured: Measurements
) -> Measured | None:
    return measured.of(Way(card.name, known.name, precision, side))


def _gb(size: float) -> str:
    return f"{size / GIB:.1f}"
