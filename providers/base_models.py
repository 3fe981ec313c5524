"""The base models that people fine-tune. Data only."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

ZIMAGE_TURBO = "Tongyi-MAI/Z-Image-Turbo"
ZIMAGE = "Tongyi-MAI/Z-Image"
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
SDXL = "stabilityai/stable-diffusion-xl-base-1.0"
SD15 = "stable-diffusion-v1-5/stable-diffusion-v1-5"
TINY_SHAPES = "theway/tiny-shapes"


@dataclass(frozen=True, slots=True)
class BaseModel:
    """An image model that people fine-tune."""

    key: str  # stored in rows
    label: str | Promise
    family: str  # a LoRA fits only models of its own family
    outcome: str | Promise  # what somebody gets who trains it, in a few plain words
    description: str | Promise
    licence: str | Promise
    terms: str | Promise  # what the licence lets people do with their pictures, in a few words
    why_untrainable: str | Promise = ""  # where no provider can train it
    is_for_trying: bool = False  # nothing for people's own photos
    has_kohya_names: bool = False  # programs know its LoRAs by kohya's names, not by diffusers'


_PERSONAL, _TO_SELL = _("personal use only"), _("free to sell")
_NON_COMMERCIAL = _("Non-commercial licence of Black Forest Labs: personal use.")
_FREE = _("Apache 2.0: commercial use allowed.")
_OPEN_RAIL = _("CreativeML Open RAIL-M: commercial use allowed, with rules against harmful use.")

# In the order in which people see them.
BASE_MODELS: tuple[BaseModel, ...] = (
    BaseModel(
        key=FLUX1_DEV,
        label="FLUX.1 dev",
        family="flux1-dev",
        outcome=_("Best likeness"),
        description=_("The usual choice, known to most tools."),
        licence=_NON_COMMERCIAL,
        terms=_PERSONAL,
    ),
    BaseModel(
        key=ZIMAGE_TURBO,
        label="Z-Image Turbo",
        family="zimage-turbo",
        outcome=_("Quick, free to sell"),
        description=_("Pictures in eight steps, and the cheapest to train."),
        licence=_FREE,
        terms=_TO_SELL,
    ),
    BaseModel(
        key=ZIMAGE,
        label="Z-Image",
        family="zimage",
        outcome=_("Strong on a small card"),
        description=_("Learns well on graphics cards of 12 GB and more."),
        licence=_FREE,
        terms=_TO_SELL,
    ),
    BaseModel(
        key=FLUX2_KLEIN_9B,
        label="FLUX.2 klein base 9B",
        family="flux2-klein-9b",
        outcome=_("Close likeness, lighter"),
        description=_("Made to be trained, at a moderate size."),
        licence=_NON_COMMERCIAL,
        terms=_PERSONAL,
    ),
    BaseModel(
        key=FLUX2_KLEIN_4B,
        label="FLUX.2 klein base 4B",
        family="flux2-klein-4b",
        outcome=_("Light, for small cards"),
        description=_("The smaller klein, with a little less detail."),
        licence=_FREE,
        terms=_TO_SELL,
    ),
    BaseModel(
        key=FLUX2_DEV,
        label="FLUX.2 dev",
        family="flux2-dev",
        outcome=_("Finest detail"),
        description=_("Larger and slower."),
        licence=_NON_COMMERCIAL,
        terms=_PERSONAL,
    ),
    BaseModel(
        key=FLUX3_KLEIN,
        label="FLUX.3 klein base",
        family="flux3-klein",
        outcome=_("The newest"),
        description=_("The latest open weights of Black Forest Labs."),
        licence=_(
            "FLUX Kommunity licence: non-commercial, but pictures may be sold by those who earn "
            "less than 5 million US dollars a year."
        ),
        terms=_("free to sell below 5 million dollars a year"),
    ),
    BaseModel(
        key=QWEN_IMAGE,
        label="Qwen-Image",
        family="qwen-image",
        outcome=_("Writing in pictures"),
        description=_("Strong on composition too. Large and slower."),
        licence=_FREE,
        terms=_TO_SELL,
    ),
    BaseModel(
        key=QWEN_IMAGE_2512,
        label="Qwen-Image 2512",
        family="qwen-image-2512",
        outcome=_("Natural people"),
        description=_("Qwen-Image of December 2025, with finer detail."),
        licence=_FREE,
        terms=_TO_SELL,
    ),
    BaseModel(
        key=KREA_2,
        label="Krea 2",
        family="krea2",
        outcome=_("Drawn and painted styles"),
        description=_("Learns a style from few steps."),
        licence=_(
            "Krea 2 Community licence: commercial use below 1 million US dollars a year, with "
            "safeguards."
        ),
        terms=_("free to sell below 1 million dollars a year"),
    ),
    BaseModel(
        key=FLUX1_SCHNELL,
        label="FLUX.1 schnell",
        family="flux1-schnell",
        outcome=_("Quickest pictures"),
        description=_("Four steps for a picture, with a little less detail."),
        licence=_FREE,
        terms=_TO_SELL,
    ),
    BaseModel(
        key=SDXL,
        label="Stable Diffusion XL",
        family="sdxl",
        outcome=_("For older graphics cards"),
        description=_("Light: 8 GB are enough, and many tools know it."),
        licence=_OPEN_RAIL,
        terms=_TO_SELL,
        has_kohya_names=True,
    ),
    BaseModel(
        key=SD15,
        label="Stable Diffusion 1.5",
        family="sd15",
        outcome=_("For the smallest graphics cards"),
        description=_("The lightest: 6 GB are enough. Much less detail."),
        licence=_OPEN_RAIL,
        terms=_TO_SELL,
        has_kohya_names=True,
    ),
    BaseModel(
        key=FLUX1_PRO,
        label="FLUX.1 pro",
        family="flux1-pro",
        outcome=_("Black Forest Labs' own service"),
        description=_("Runs at Black Forest Labs only."),
        licence=_("Available only as a service of Black Forest Labs and its partners."),
        terms=_("a service"),
        why_untrainable=_("Its weights are not published, so it cannot be trained."),
    ),
    BaseModel(
        key=TINY_SHAPES,
        label=_("Tiny shapes (for trying)"),
        family="tiny-shapes",
        outcome=_("A first try, in a minute"),
        description=_("Knows a few coloured shapes and nothing else. Trains on any machine."),
        licence=_("Made by TheWay: use it as you like."),
        terms=_TO_SELL,
        is_for_trying=True,
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
