"""Whether a training fits the machine of the person's own trainer, as that trainer says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Fit:
    """What a trainer says before the start about one base model on its own machine now."""

    fits: bool
    words: str = ""  # in one or two sentences: how it is trained, or why it is not and what would
    seconds_per_step: float | None = None  # measured on that machine; None where it never was
    largest_batch: int | None = None  # how many photos at a time fit; None where it does not say

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Fit:
        """Return what was stored as a description's."""
        batch = stored.get("largest_batch")
        return cls(bool(stored["fits"]), stored["words"], stored["seconds_per_step"], batch)
