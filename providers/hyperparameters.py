"""The values a training starts from: their names, labels, ranges and presets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _, gettext_lazy

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Hyperparameter:
    """One value with its allowed range, both ends included, or the few it may have."""

    label: Text
    help_text: Text
    low: float
    high: float
    is_whole: bool = True
    choices: tuple[int, ...] = ()

    def problem_with(self, value: Any) -> str:
        """Return what is wrong with `value` in a sentence, "" where nothing is."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return _("%(label)s must be a number.") % {"label": self.label}
        if self.is_whole and not isinstance(value, int):
            return _("%(label)s must be a whole number.") % {"label": self.label}
        if self.choices and value not in self.choices:
            listed = ", ".join(map(str, self.choices))
            return _("%(label)s must be one of %(listed)s pixels.") % {
                "label": self.label,
                "listed": listed,
            }
        if not self.low <= value <= self.high:
            return _("%(label)s must be between %(low)s and %(high)s.") % {
                "label": self.label,
                "low": f"{self.low:g}",
                "high": f"{self.high:g}",
            }
        return ""


HYPERPARAMETERS: Mapping[str, Hyperparameter] = {
    "epochs": Hyperparameter(
        gettext_lazy("Epochs"), gettext_lazy("How often each photo is used."), 1, 500
    ),
    "learning_rate": Hyperparameter(
        gettext_lazy("Learning rate"),
        gettext_lazy("How much each step changes the model."),
        0.00001,
        0.001,
        is_whole=False,
    ),
    "batch_size": Hyperparameter(
        gettext_lazy("Batch size"), gettext_lazy("Photos used in one step."), 1, 4
    ),
    "resolution": Hyperparameter(
        gettext_lazy("Resolution"),
        gettext_lazy("The size at which photos are learned."),
        512,
        1024,
        choices=(512, 768, 1024),  # pixels; the sizes FLUX LoRA trainers sort photos into
    ),
}


class InvalidHyperparametersError(ValueError):
    """`problems` maps each wrong value's name to a sentence for a person."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = dict(problems)


@dataclass(frozen=True, slots=True)
class Hyperparameters:
    """What one training is asked to do; the defaults are those of the balanced preset."""

    epochs: int = 100  # passes over all photos: with one photo per step, 100 steps per photo
    learning_rate: float = 0.0002
    batch_size: int = 1
    resolution: int = 1024  # pixels, square

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Hyperparameters:
        """Return the stored values, defaults for absent ones; raise InvalidHyperparametersError."""
        known = {name: stored[name] for name in HYPERPARAMETERS if name in stored}
        problems = {
            name: text
            for name, value in known.items()
            if (text := HYPERPARAMETERS[name].problem_with(value))
        }
        if problems:
            raise InvalidHyperparametersError(problems)
        return cls(**known)

    def as_json(self) -> dict[str, int | float]:
        return asdict(self)

    def steps(self, photo_count: int) -> int:
        """Return the number of optimizer steps: every photo once per epoch, in batches."""
        return -(-self.epochs * photo_count // self.batch_size)


@dataclass(frozen=True, slots=True)
class Preset:
    """A choice between speed and likeness, for people who do not want to set numbers."""

    key: str
    label: Text
    description: Text
    values: Hyperparameters


DEFAULT_PRESET = "balanced"
PRESETS: Mapping[str, Preset] = {
    preset.key: preset
    for preset in (
        Preset(
            "fast",
            gettext_lazy("Fast"),
            gettext_lazy("A first impression: fewer passes over smaller photos."),
            Hyperparameters(epochs=50, learning_rate=0.0004, resolution=768),
        ),
        Preset(
            DEFAULT_PRESET,
            gettext_lazy("Balanced"),
            gettext_lazy("Right for most sets of photos."),
            Hyperparameters(),
        ),
        Preset(
            "best",
            gettext_lazy("Best likeness"),
            gettext_lazy("Learns more slowly. Takes about twice as long as Balanced."),
            Hyperparameters(epochs=200, learning_rate=0.0001),
        ),
    )
}
