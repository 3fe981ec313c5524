"""The numbers of a training, validated against the catalog."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from providers.catalog import DEFAULT_PRESET, PRESETS, RANGES, RESOLUTIONS

__all__ = ["DEFAULT_PRESET", "PRESETS", "InvalidOptions", "TrainingOptions"]

_LABELS = {
    "epochs": "Epochs",
    "learning_rate": "Learning rate",
    "batch_size": "Batch size",
    "resolution": "Resolution",
}


class InvalidOptions(ValueError):
    """`problems` maps each wrong field to a sentence for a person."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = dict(problems)


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """What one training is asked to do; the defaults are those of the balanced preset."""

    epochs: int = PRESETS[DEFAULT_PRESET].values.epochs
    learning_rate: float = PRESETS[DEFAULT_PRESET].values.learning_rate
    batch_size: int = PRESETS[DEFAULT_PRESET].values.batch_size
    resolution: int = PRESETS[DEFAULT_PRESET].values.resolution  # pixels, square

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> TrainingOptions:
        """Return the stored values, defaults for absent ones. Raises InvalidOptions."""
        known = {name: stored[name] for name in cls.__dataclass_fields__ if name in stored}
        problems = {name: text for name, value in known.items() if (text := problem(name, value))}
        if problems:
            raise InvalidOptions(problems)
        return cls(**known)

    @classmethod
    def of_preset(cls, key: str) -> TrainingOptions:
        """Return the values of a preset. Raises KeyError for an unknown one."""
        return cls(**asdict(PRESETS[key].values))

    def as_json(self) -> dict[str, int | float]:
        return asdict(self)

    def steps(self, photo_count: int) -> int:
        """Return the number of optimizer steps: every photo once per epoch, in batches."""
        return -(-self.epochs * photo_count // self.batch_size)


def problem(name: str, value: Any) -> str:
    """Return what is wrong with one value, "" where nothing is."""
    allowed = RANGES[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"{_LABELS[name]} must be a number."
    if name != "learning_rate" and not isinstance(value, int):
        return f"{_LABELS[name]} must be a whole number."
    if name == "resolution" and value not in RESOLUTIONS:
        return f"Resolution must be one of {', '.join(map(str, RESOLUTIONS))} pixels."
    if value not in allowed:
        return f"{_LABELS[name]} must be between {allowed.low:g} and {allowed.high:g}."
    return ""
