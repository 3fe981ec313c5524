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
    is_switch: bool = False  # on or off, and no number

    def problem_with(self, value: Any) -> str:
        """Return what is wrong with `value` in a sentence, "" where nothing is."""
        if self.is_switch:
            text = _("%(label)s must be on or off.") % {"label": self.label}
            return "" if isinstance(value, bool) else text
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
    "rank": Hyperparameter(
        gettext_lazy("Rank"),
        gettext_lazy("How much the weights can hold. More makes the file larger."),
        4,
        128,
    ),
    "fixed_steps": Hyperparameter(
        gettext_lazy("Fixed number of steps"),
        gettext_lazy("Instead of epochs, however many photos there are. 0: by epochs."),
        0,
        10_000,
    ),
    "keep_prior": Hyperparameter(
        gettext_lazy("Keep what the base model knows"),
        gettext_lazy(
            "Without the trigger word it draws other people and things as before. A step takes "
            "about twice as long."
        ),
        0,
        1,
        is_switch=True,
    ),
}
# Of a step's usual time: it asks the base model once, and learns from one more answer. Measured on
# tiny models: 1.9 to 2.3.
KEEPING_TAKES = 2.0


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
    rank: int = 16  # of the LoRA
    fixed_steps: int = 0  # instead of epochs; 0: as many as these need
    keep_prior: bool | None = None  # None where the trainer cannot be asked for it

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
        return {name: value for name, value in asdict(self).items() if value is not None}

    def slowness(self, usual: Defaults) -> float:
        """Return how often the usual time of a step one of these takes: that is of one photo."""
        if bool(self.keep_prior) == bool(usual.keeps_prior):
            return self.batch_size
        return self.batch_size * (KEEPING_TAKES if self.keep_prior else 1 / KEEPING_TAKES)

    def steps(self, photo_count: int) -> int:
        """Return the number of optimizer steps: every photo once per epoch, in batches, unless
        their number is fixed."""
        return self.fixed_steps or -(-self.epochs * photo_count // self.batch_size)


@dataclass(frozen=True, slots=True)
class Defaults:
    """Where a training of one kind of subject starts from at one trainer: the balanced preset."""

    steps_per_photo: int = 100
    learning_rate: float = 0.0002
    rank: int = 16
    keeps_prior: bool | None = None  # None: the trainer cannot be asked for it


@dataclass(frozen=True, slots=True)
class Preset:
    """A choice between speed and likeness, for people who do not want to set numbers.

    It changes what is usual for the chosen trainer and subject.
    """

    key: str
    label: Text
    description: Text
    pace: float = 1.0  # of the usual steps per photo
    rate: float = 1.0  # of the usual learning rate
    resolution: int = 1024  # pixels
    rank: int = 0  # 0: the usual one
    fixed_steps: int = 0

    def values(self, usual: Defaults) -> Hyperparameters:
        """Return the values for a trainer and subject where `usual` is usual."""
        return Hyperparameters(
            epochs=max(1, round(usual.steps_per_photo * self.pace)),
            learning_rate=round(usual.learning_rate * self.rate, 8),
            resolution=self.resolution,
            rank=self.rank or usual.rank,
            fixed_steps=self.fixed_steps,
            keep_prior=usual.keeps_prior,
        )


DEFAULT_PRESET = "balanced"
PRESETS: Mapping[str, Preset] = {
    preset.key: preset
    for preset in (
        Preset(
            "fast",
            gettext_lazy("Fast"),
            gettext_lazy("A first impression: fewer passes over smaller photos."),
            pace=0.5,
            rate=2.0,
            resolution=768,
        ),
        Preset(
            DEFAULT_PRESET,
            gettext_lazy("Balanced"),
            gettext_lazy("Right for most sets of photos."),
        ),
        Preset(
            "best",
            gettext_lazy("Thorough"),
            gettext_lazy("Learns more slowly. Takes about twice as long as Balanced."),
            pace=2.0,
            rate=0.5,
        ),
        Preset(
            "classic",
            gettext_lazy("Classic"),
            gettext_lazy("1,000 steps at rank 32, whatever the number of photos."),
            rank=32,
            fixed_steps=1000,
        ),
    )
}
