"""The base models that can be trained, and what an offer of a provider holds. Data only.

The wizard, the price estimate and the checks read this and the `offers` of each provider;
which offers are open right now is worked out in `availability`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from providers.hyperparameters import Defaults

ZIMAGE_TURBO = "Tongyi-MAI/Z-Image-Turbo"
FLUX2_KLEIN_9B = "black-forest-labs/FLUX.2-klein-base-9B"
FLUX2_KLEIN_4B = "black-forest-labs/FLUX.2-klein-base-4B"
FLUX2_DEV = "black-forest-labs/FLUX.2-dev"
FLUX3_KLEIN = "black-forest-labs/FLUX.3-klein-base"
QWEN_IMAGE = "Qwen/Qwen-Image"
QWEN_IMAGE_2512 = "Qwen/Qwen-Image-2512"
KREA_2 = "krea/Krea-2"
FLUX1_DEV = "black-forest-labs/FLUX.1-dev"
FLUX1_SCHNELL = "black-forest-labs/FLUX.1-schnell"
FLUX1_PRO = "black-forest-labs/FLUX.1-pro"


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


@dataclass(frozen=True, slots=True)
class BaseModel:
    """An image model that people fine-tune."""

    key: str  # stored in rows
    label: str
    family: str  # a LoRA fits only models of its own family
    description: str | Promise
    licence: str | Promise
    why_untrainable: str | Promise = ""  # where no provider can train it


_NON_COMMERCIAL = _("Non-commercial licence of Black Forest Labs: personal use.")
_FREE = _("Apache 2.0: commercial use allowed.")

# In the order in which people see them.
BASE_MODELS: tuple[BaseModel, ...] = (
    BaseModel(
        key=FLUX1_DEV,
        label="FLUX.1 dev",
        family="flux1-dev",
        description=_("The usual choice: faithful likeness, widely supported."),
        licence=_NON_COMMERCIAL,
    ),
    BaseModel(
        key=ZIMAGE_TURBO,
        label="Z-Image Turbo",
        family="zimage-turbo",
        description=_("Small and quick: pictures in eight steps, and the cheapest to train."),
        licence=_FREE,
    ),
    BaseModel(
        key=FLUX2_KLEIN_9B,
        label="FLUX.2 klein base 9B",
        family="flux2-klein-9b",
        description=_("Made to be fine-tuned: close likeness at a moderate size."),
        licence=_NON_COMMERCIAL,
    ),
    BaseModel(
        key=FLUX2_KLEIN_4B,
        label="FLUX.2 klein base 4B",
        family="flux2-klein-4b",
        description=_("The smaller klein: lighter, with a little less detail."),
        licence=_FREE,
    ),
    BaseModel(
        key=FLUX2_DEV,
        label="FLUX.2 dev",
        family="flux2-dev",
        description=_("The larger model: finer detail, slower."),
        licence=_NON_COMMERCIAL,
    ),
    BaseModel(
        key=FLUX3_KLEIN,
        label="FLUX.3 klein base",
        family="flux3-klein",
        description=_("New: the latest open weights of Black Forest Labs."),
        licence=_(
            "FLUX Kommunity licence: non-commercial, but pictures may be sold by those who earn "
            "less than 5 million US dollars a year."
        ),
    ),
    BaseModel(
        key=QWEN_IMAGE,
        label="Qwen-Image",
        family="qwen-image",
        description=_("Strong on writing in pictures and on composition. Large and slower."),
        licence=_FREE,
    ),
    BaseModel(
        key=QWEN_IMAGE_2512,
        label="Qwen-Image 2512",
        family="qwen-image-2512",
        description=_("Qwen-Image of December 2025: more natural people and finer detail."),
        licence=_FREE,
    ),
    BaseModel(
        key=KREA_2,
        label="Krea 2",
        family="krea2",
        description=_("Good at styles, from few steps."),
        licence=_(
            "Krea 2 Community licence: commercial use below 1 million US dollars a year, with "
            "safeguards."
        ),
    ),
    BaseModel(
        key=FLUX1_SCHNELL,
        label="FLUX.1 schnell",
        family="flux1-schnell",
        description=_("Fast: generates in four steps, with a little less detail."),
        licence=_FREE,
    ),
    BaseModel(
        key=FLUX1_PRO,
        label="FLUX.1 pro",
        family="flux1-pro",
        description=_("Black Forest Labs' own hosted model."),
        licence=_("Available only as a service of Black Forest Labs and its partners."),
        why_untrainable=_("Its weights are not published, so it cannot be trained."),
    ),
)
DEFAULT_BASE_MODEL = FLUX1_DEV


def base_model(key: str) -> BaseModel:
    """Return the base model with this key; raise `KeyError` for an unknown one."""
    return _BY_KEY[key]


def base_model_of(family: str) -> BaseModel:
    """Return the base model that LoRAs of `family` fit; raise `KeyError` for an unknown one."""
    return _BY_FAMILY[family]


_BY_KEY = {model.key: model for model in BASE_MODELS}
_BY_FAMILY = {model.family: model for model in BASE_MODELS}
