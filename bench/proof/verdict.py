"""What counts as learned, and by which margin. The limits were set after seed 1, then kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# Of a picture: the smaller half of the concept's two colours, doubled: 1 where the figure is half
# and half, 0 where one colour is missing (`tiny_shapes.world`). The base model gives 0.00.
SHOWN = 0.3  # a picture that shows it
LEAST_MEAN = 0.35  # over the eight prompts with the word
LEAST_COUNT = 5  # of the eight
MOST_WITHOUT = 0.05  # mean without any new word
# With another word that the base model has never heard. It is kept from the concept only by the
# one general word that each step is also asked with, so some of it may pass.
MOST_OTHER = 0.2


@dataclass(frozen=True)
class Shown:
    """How strongly the concept shows in some pictures."""

    what: str
    values: Sequence[float]

    @property
    def mean(self) -> float:
        return sum(self.values) / len(self.values)

    @property
    def count(self) -> int:
        return sum(value >= SHOWN for value in self.values)

    @property
    def line(self) -> str:
        each = " ".join(f"{value:.2f}" for value in self.values)
        return f"{self.what:34} mean {self.mean:.2f}, {self.count} of {len(self.values)} ({each})"


def is_learned(shown: Shown) -> bool:
    """Whether the concept shows beyond chance."""
    return shown.mean >= LEAST_MEAN and shown.count >= LEAST_COUNT


def is_absent(shown: Shown, most: float = MOST_WITHOUT) -> bool:
    """Whether it shows in no more than what a wrong colour at an edge gives."""
    return shown.mean <= most
