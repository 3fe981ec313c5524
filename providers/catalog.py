"""What can be trained and drawn, with whom, and at what price. Data only.

The wizard, the cost estimate and the checks read this and nothing else; which offers are
open right now is worked out in `providers/options.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

FLUX1_DEV = "black-forest-labs/FLUX.1-dev"
FLUX1_SCHNELL = "black-forest-labs/FLUX.1-schnell"
FLUX1_PRO = "black-forest-labs/FLUX.1-pro"
FLUX2_DEV = "black-forest-labs/FLUX.2-dev"

# Known providers in the order people see them; also those that are not configured.
PROVIDER_LABELS: Mapping[str, str] = {"local": "Trainer on this machine", "together": "Together AI"}


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per `unit`. `usd` is None where the provider publishes no dependable figure."""

    usd: float | None
    unit: str  # "training" or "picture"
    read_on: date | None = None  # when we read it at the provider


@dataclass(frozen=True, slots=True)
class Range:
    """Allowed values of one training setting, both ends included."""

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class TrainingDefaults:
    """The values a training starts from."""

    epochs: int = 100  # passes over all photos: with one photo per step, 100 steps per photo
    learning_rate: float = 0.0002
    batch_size: int = 1
    resolution: int = 1024  # pixels, square


@dataclass(frozen=True, slots=True)
class Preset:
    """A choice between speed and likeness, for people who do not want to set numbers."""

    key: str
    label: str
    description: str
    values: TrainingDefaults


@dataclass(frozen=True, slots=True)
class TrainingOffer:
    """How one provider trains one base model."""

    remote_model: str
    price: Price
    # The provider has to say at run time that it trains this model; else we know it.
    is_on_request: bool = False


@dataclass(frozen=True, slots=True)
class GenerationOffer:
    """How one provider draws with LoRAs made for one base model."""

    remote_model: str
    price: Price
    steps: int  # denoising steps asked for
    needs_public_url: bool = False  # fetches the weights itself, over the internet
    only_own_weights: bool = False  # draws only with what it has trained


@dataclass(frozen=True, slots=True)
class BaseModel:
    """An image model that people teach something new."""

    key: str  # stored in rows
    label: str
    family: str  # a LoRA fits only models of its own family
    description: str
    licence: str
    training: Mapping[str, TrainingOffer] = field(default_factory=dict)  # by provider
    generation: Mapping[str, GenerationOffer] = field(default_factory=dict)  # by provider
    why_untrainable: str = ""  # where nobody can train it


DEFAULTS = TrainingDefaults()
RANGES: Mapping[str, Range] = {
    "epochs": Range(1, 500),
    "learning_rate": Range(0.00001, 0.001),
    "batch_size": Range(1, 4),
    "resolution": Range(512, 1024),
}
RESOLUTIONS = (512, 768, 1024)  # pixels; the sizes FLUX LoRA trainers sort photos into
DEFAULT_PRESET = "balanced"
PRESETS: Mapping[str, Preset] = {
    "fast": Preset(
        "fast",
        "Fast",
        "A first impression: fewer passes over smaller photos.",
        TrainingDefaults(epochs=50, learning_rate=0.0004, resolution=768),
    ),
    "balanced": Preset("balanced", "Balanced", "Right for most sets of photos.", DEFAULTS),
    "best": Preset(
        "best",
        "Best likeness",
        "Learns slower and longer. Takes about twice as long as Balanced.",
        TrainingDefaults(epochs=200, learning_rate=0.0001),
    ),
}

_FREE_TRAINING = Price(0.0, "training")
_FREE_PICTURE = Price(0.0, "picture")
# Together bills pictures by the megapixel and its answers carry no cost.
_TOGETHER_TRAINING = Price(None, "training")
_TOGETHER_PICTURE = Price(None, "picture")

_NON_COMMERCIAL = "Non-commercial licence of Black Forest Labs: personal use."


def _local_training(name: str) -> TrainingOffer:
    return TrainingOffer(name, _FREE_TRAINING)


def _local_drawing(name: str, steps: int) -> GenerationOffer:
    return GenerationOffer(name, _FREE_PICTURE, steps, only_own_weights=True)


def _together_training(name: str) -> TrainingOffer:
    return TrainingOffer(name, _TOGETHER_TRAINING, is_on_request=True)


BASE_MODELS: tuple[BaseModel, ...] = (
    BaseModel(
        key=FLUX1_DEV,
        label="FLUX.1 dev",
        family="flux1-dev",
        description="The usual choice: faithful likeness, widely supported.",
        licence=_NON_COMMERCIAL,
        training={"local": _local_training(FLUX1_DEV), "together": _together_training(FLUX1_DEV)},
        generation={"local": _local_drawing(FLUX1_DEV, 28)},
    ),
    BaseModel(
        key=FLUX1_SCHNELL,
        label="FLUX.1 schnell",
        family="flux1-schnell",
        description="Draws in four steps: quick pictures, a little less detail.",
        licence="Apache 2.0: commercial use allowed.",
        training={
            "local": _local_training(FLUX1_SCHNELL),
            "together": _together_training(FLUX1_SCHNELL),
        },
        generation={"local": _local_drawing(FLUX1_SCHNELL, 4)},
    ),
    BaseModel(
        key=FLUX1_PRO,
        label="FLUX.1 pro",
        family="flux1-pro",
        description="The maker's own hosted model.",
        licence="Available only as a service of Black Forest Labs and its partners.",
        why_untrainable="Its weights are not published, so no trainer can teach it anything.",
    ),
    BaseModel(
        key=FLUX2_DEV,
        label="FLUX.2 dev",
        family="flux2-dev",
        description="The newer, larger model: finer detail, slower.",
        licence=_NON_COMMERCIAL,
        training={"local": _local_training(FLUX2_DEV), "together": _together_training(FLUX2_DEV)},
        generation={
            "local": _local_drawing(FLUX2_DEV, 28),
            # The only model on which Together draws with LoRAs (its image model table, 2026-08).
            "together": GenerationOffer(FLUX2_DEV, _TOGETHER_PICTURE, 28, needs_public_url=True),
        },
    ),
)
DEFAULT_BASE_MODEL = FLUX1_DEV


def base_model(key: str) -> BaseModel:
    """Return the base model with this key; raises `KeyError` for an unknown one."""
    return _BY_KEY[key]


def base_model_of(family: str) -> BaseModel:
    """Return the base model that LoRAs of `family` fit; raises `KeyError` for an unknown one."""
    return _BY_FAMILY[family]


_BY_KEY = {model.key: model for model in BASE_MODELS}
_BY_FAMILY = {model.family: model for model in BASE_MODELS}
