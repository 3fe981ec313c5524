"""The base models that can be trained, and what an offer of a provider holds. Data only.

The wizard, the price estimate and the checks read this and the `offers` of each provider;
which offers are open right now is worked out in `availability`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from django.utils.functional import Promise

from providers.base_models import (  # part of the catalog, in a file of their own
    BASE_MODELS as BASE_MODELS,
    DEFAULT_BASE_MODEL as DEFAULT_BASE_MODEL,
    FLUX1_DEV as FLUX1_DEV,
    FLUX1_PRO as FLUX1_PRO,
    FLUX1_SCHNELL as FLUX1_SCHNELL,
    FLUX2_DEV as FLUX2_DEV,
    FLUX2_KLEIN_4B as FLUX2_KLEIN_4B,
    FLUX2_KLEIN_9B as FLUX2_KLEIN_9B,
    FLUX3_KLEIN as FLUX3_KLEIN,
    KREA_2 as KREA_2,
    QWEN_IMAGE as QWEN_IMAGE,
    QWEN_IMAGE_2512 as QWEN_IMAGE_2512,
    SD15 as SD15,
    SDXL as SDXL,
    TINY_SHAPES as TINY_SHAPES,
    ZIMAGE as ZIMAGE,
    ZIMAGE_TURBO as ZIMAGE_TURBO,
    BaseModel as BaseModel,
    base_model as base_model,
    base_model_of as base_model_of,
)
from providers.hyperparameters import Defaults

SIMULATED = "simulated"  # the engine of a provider whose results are not real


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per `unit`. `usd` is None where the provider publishes no dependable figure."""

    usd: float | None
    unit: str  # "training", "step", "second", "image" or "megapixel"
    read_on: date | None = None  # when it was read at the provider
    least_units: float = 0.0  # billed at least
    assumed_usd: float = 0.0  # per unit, for budgets only, where `usd` is None

    def total(self, units: float) -> float | None:
        """Return what so many units cost; None where it is not published."""
        return None if self.usd is None else self.usd * max(units, self.least_units)

    def for_budget(self, units: float) -> float:
        """Return what they count for a budget, published or not."""
        usd = self.assumed_usd if self.usd is None else self.usd
        return usd * max(units, self.least_units)


@dataclass(frozen=True, slots=True)
class Steps:
    """How many optimizer steps a trainer takes, both ends included."""

    low: int = 1
    high: int = 1_000_000
    multiple_of: int = 1

    def fit(self, steps: int) -> int:
        """Return the number of steps nearest to `steps` that the trainer takes."""
        whole = round(steps / self.multiple_of) * self.multiple_of
        return min(max(whole, self.low), self.high)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingOffer:
    """How one provider trains one base model. A provider may add fields of its own."""

    remote_model: str
    price: Price
    # The provider has to confirm at run time that it trains this model; else it is certain.
    is_on_request: bool = False
    # Nothing is said of it where the provider only simulates: it needs the real model.
    needs_real_engine: bool = False
    steps: Steps = Steps()
    # By kind of subject (person, product, style); "" for all others.
    defaults: Mapping[str, Defaults] = field(default_factory=lambda: {"": Defaults()})
    # Expected time: getting ready, then step by step. None where nobody knows.
    seconds_to_start: float | None = None
    seconds_per_step: float | None = None
    gives_weights: bool = True  # whether the trained file can be taken home
    resolutions: tuple[int, ...] = ()  # pixels; () where the trainer decides it itself
    # Of our hyperparameters those that it decides itself, whatever is asked for.
    decides: frozenset[str] = frozenset()
    describes_photos: bool = False  # writes captions for photos that have none
    # Of which kinds of subject it reads no captions, whatever is sent.
    reads_no_captions_of: frozenset[str] = frozenset()
    note: str | Promise = ""  # what only holds there, of its licence for example

    def is_expected(self, engine: str) -> bool:
        """Whether a provider with this engine should have it; "" where none is named."""
        return not self.needs_real_engine or engine not in {"", SIMULATED}

    def defaults_for(self, subject: str) -> Defaults:
        """Return the values for one kind of subject."""
        return self.defaults.get(subject) or self.defaults[""]

    def seconds(self, steps: int) -> float | None:
        """Return how long so many steps take, with everything around; None where not known."""
        if self.seconds_per_step is None:
            return None
        return (self.seconds_to_start or 0.0) + steps * self.seconds_per_step

    def price_usd(self, steps: int) -> float | None:
        """Return what a training of so many steps costs; None where it is not published."""
        units = self._units(steps)
        return None if units is None else self.price.total(units)

    def budget_usd(self, steps: int) -> float:
        """Return what it counts for a budget, published or not."""
        return self.price.for_budget(self._units(steps) or 1.0)

    def _units(self, steps: int) -> float | None:
        return {"step": float(steps), "second": self.seconds(steps)}.get(self.price.unit, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationOffer:
    """How one provider generates images with LoRAs made for one base model."""

    remote_model: str
    price: Price
    steps: int  # denoising steps requested
    needs_public_url: bool = False  # fetches the weights itself, over the internet
    only_own_weights: bool = False  # generates only with what it has trained
    takes_uploads: bool = False  # keeps a copy of the weights for a while, uploaded by us
    seconds_per_image: float | None = None  # on the provider's machine
    one_at_a_time: bool = False  # is not known to make several images of one request
    # How it draws with what it has trained itself, where that is another way.
    own: GenerationOffer | None = None

    def price_usd(self, count: int, pixels: int) -> float | None:
        """Return what `count` images of `pixels` each cost; None where it is not published."""
        units = self._units(count, pixels)
        return None if units is None else self.price.total(units)

    def budget_usd(self, count: int, pixels: int) -> float:
        """Return what they count for a budget, published or not."""
        return self.price.for_budget(self._units(count, pixels) or float(count))

    def _units(self, count: int, pixels: int) -> float | None:
        match self.price.unit:
            case "megapixel":
                return count * pixels / 1_000_000
            case "second":
                return None if self.seconds_per_image is None else count * self.seconds_per_image
        return float(count)
