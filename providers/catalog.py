"""The base models that can be trained, and what an offer of a provider holds. Data only.

The wizard, the price estimate and the checks read this and the `offers` of each provider;
which offers are open right now is worked out in `availability`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

FLUX1_DEV = "black-forest-labs/FLUX.1-dev"
FLUX1_SCHNELL = "black-forest-labs/FLUX.1-schnell"
FLUX1_PRO = "black-forest-labs/FLUX.1-pro"
FLUX2_DEV = "black-forest-labs/FLUX.2-dev"


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per `unit`. `usd` is None where the provider publishes no dependable figure."""

    usd: float | None
    unit: str  # "training" or "image"
    read_on: date | None = None  # when it was read at the provider


@dataclass(frozen=True, slots=True)
class TrainingOffer:
    """How one provider trains one base model."""

    remote_model: str
    price: Price
    # The provider has to confirm at run time that it trains this model; else it is certain.
    is_on_request: bool = False


@dataclass(frozen=True, slots=True)
class GenerationOffer:
    """How one provider generates images with LoRAs made for one base model."""

    remote_model: str
    price: Price
    steps: int  # denoising steps requested
    needs_public_url: bool = False  # fetches the weights itself, over the internet
    only_own_weights: bool = False  # generates only with what it has trained


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

BASE_MODELS: tuple[BaseModel, ...] = (
    BaseModel(
        key=FLUX1_DEV,
        label="FLUX.1 dev",
        family="flux1-dev",
        description=_("The usual choice: faithful likeness, widely supported."),
        licence=_NON_COMMERCIAL,
    ),
    BaseModel(
        key=FLUX1_SCHNELL,
        label="FLUX.1 schnell",
        family="flux1-schnell",
        description=_("Fast: generates in four steps, with a little less detail."),
        licence=_("Apache 2.0: commercial use allowed."),
    ),
    BaseModel(
        key=FLUX1_PRO,
        label="FLUX.1 pro",
        family="flux1-pro",
        description=_("Black Forest Labs' own hosted model."),
        licence=_("Available only as a service of Black Forest Labs and its partners."),
        why_untrainable=_("Its weights are not published, so it cannot be trained."),
    ),
    BaseModel(
        key=FLUX2_DEV,
        label="FLUX.2 dev",
        family="flux2-dev",
        description=_("The newer, larger model: finer detail, slower."),
        licence=_NON_COMMERCIAL,
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
