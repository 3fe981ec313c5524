"""What fal trains and draws, by base model: endpoints, their fields, bounds and prices.

Field names, defaults and prices: fal's types (August 2026) and model pages, read on READ_ON. What
an endpoint's type shares with others says nothing dependable, so steps and learning rate are
always sent; whether an endpoint still exists is asked at run time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from providers.catalog import (
    FLUX1_DEV,
    FLUX2_DEV,
    FLUX2_KLEIN_4B,
    FLUX2_KLEIN_9B,
    FLUX3_KLEIN,
    KREA_2,
    QWEN_IMAGE_2512,
    ZIMAGE_TURBO,
    GenerationOffer,
    Price,
    Steps,
    TrainingOffer,
)
from providers.hyperparameters import Defaults
from providers.types import WorkKind

READ_ON = date(2026, 11, 25)
# Where no page names a price: a little above the dearest known, for budgets only.
_ASSUMED_STEP, _ASSUMED_MEGAPIXEL = 0.01, 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class FalTrainer(TrainingOffer):
    """One training endpoint. `remote_model` is its id, as in a queue address."""

    zip_field: str
    trigger_field: str = ""  # "" where the trigger word travels in the captions alone
    has_learning_rate: bool = True
    has_resolution: bool = False
    # Further inputs, the same for all, and by kind of subject.
    fixed: Mapping[str, Any] = field(default_factory=dict)
    by_subject: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FalRunner(GenerationOffer):
    """One endpoint that draws with LoRAs."""

    fixed: Mapping[str, Any] = field(default_factory=dict)


def _step(usd: float, least: float = 0.0) -> Price:
    return Price(usd, "step", READ_ON, least_units=least)


_UNKNOWN_STEP = Price(None, "step", assumed_usd=_ASSUMED_STEP)
_UNKNOWN_MEGAPIXEL = Price(None, "megapixel", assumed_usd=_ASSUMED_MEGAPIXEL)
# What none of its trainers lets anybody choose; a few take a resolution.
_OWN = frozenset({"batch_size", "rank", "resolution"})
_HUNDREDS = Steps(100, 10_000, multiple_of=100)


def _defaults(learning_rate: float, steps_per_photo: int = 100) -> Mapping[str, Defaults]:
    style = Defaults(steps_per_photo=round(steps_per_photo * 0.8), learning_rate=learning_rate)
    return {
        "": Defaults(steps_per_photo=steps_per_photo, learning_rate=learning_rate),
        "style": style,
    }


TRAINING: Mapping[str, FalTrainer] = {
    ZIMAGE_TURBO: FalTrainer(
        decides=_OWN,
        remote_model="fal-ai/z-image-turbo-trainer-v2",
        price=_step(0.00085),
        is_on_request=True,
        steps=_HUNDREDS,
        defaults=_defaults(0.0001),
        seconds_to_start=120,
        seconds_per_step=0.6,
        zip_field="image_data_url",
    ),
    FLUX2_KLEIN_9B: FalTrainer(
        decides=_OWN,
        remote_model="fal-ai/flux-2-klein-9b-base-trainer",
        price=_step(0.0043),
        is_on_request=True,
        steps=_HUNDREDS,
        defaults=_defaults(0.00005),
        seconds_to_start=120,
        seconds_per_step=1.0,
        zip_field="image_data_url",
        # Of the two namings of its tensors the one that other tools read, too.
        fixed={"output_lora_format": "comfy"},
    ),
    FLUX2_KLEIN_4B: FalTrainer(
        decides=_OWN,
        remote_model="fal-ai/flux-2-klein-4b-base-trainer",
        price=_step(0.0046),
        is_on_request=True,
        steps=_HUNDREDS,
        defaults=_defaults(0.00005),
        seconds_to_start=120,
        seconds_per_step=0.7,
        zip_field="image_data_url",
        fixed={"output_lora_format": "comfy"},
    ),
    FLUX2_DEV: FalTrainer(
        decides=_OWN,
        remote_model="fal-ai/flux-2-trainer",
        price=_step(0.0064),
        is_on_request=True,
        steps=_HUNDREDS,
        defaults=_defaults(0.00005),
        seconds_to_start=180,
        seconds_per_step=1.5,
        zip_field="image_data_url",
        fixed={"output_lora_format": "fal"},
    ),
    FLUX3_KLEIN: FalTrainer(
        decides=_OWN - {"resolution"},
        remote_model="blackforestlabs/flux-3/klein/base/trainer",
        price=_step(0.0043, least=100),
        is_on_request=True,
        steps=Steps(100, 10_000),
        defaults=_defaults(0.0001),
        seconds_to_start=120,
        seconds_per_step=1.0,
        resolutions=(512, 768, 1024),
        zip_field="images_data_url",
        trigger_field="trigger_phrase",
        has_resolution=True,
    ),
    QWEN_IMAGE_2512: FalTrainer(
        decides=_OWN,
        remote_model="fal-ai/qwen-image-2512-trainer",
        price=_UNKNOWN_STEP,
        is_on_request=True,
        steps=_HUNDREDS,
        defaults=_defaults(0.0005),
        seconds_to_start=180,
        seconds_per_step=1.5,
        zip_field="image_data_url",
    ),
    KREA_2: FalTrainer(
        decides=_OWN - {"resolution"},
        remote_model="fal-ai/krea-2-trainer",
        price=_step(0.003, least=100),
        is_on_request=True,
        steps=Steps(100, 2_000),
        defaults=_defaults(0.0005, steps_per_photo=10),
        seconds_to_start=120,
        seconds_per_step=2.0,
        resolutions=(768, 1024),
        zip_field="images_data_url",
        trigger_field="trigger_phrase",
        has_resolution=True,
        fixed={"auto_captioning": "Off"},
    ),
    FLUX1_DEV: FalTrainer(
        decides=_OWN | {"learning_rate"},
        remote_model="fal-ai/flux-lora-fast-training",
        price=_step(0.002),
        is_on_request=True,
        steps=_HUNDREDS,
        defaults=_defaults(0.0004),
        seconds_to_start=60,
        seconds_per_step=0.3,
        note=_("fal marks what it trains there for commercial use."),
        zip_field="images_data_url",
        trigger_field="trigger_word",
        has_learning_rate=False,
        # Masks are for faces and things; a style has neither, and no captions.
        fixed={"create_masks": True, "is_style": False},
        by_subject={"style": {"create_masks": False, "is_style": True}},
        reads_no_captions_of=frozenset({"style"}),
    ),
}


def _runner(endpoint: str, steps: int, price: Price, **fixed: Any) -> FalRunner:
    return FalRunner(
        remote_model=endpoint, price=price, steps=steps, takes_uploads=True, fixed=fixed
    )


GENERATION: Mapping[str, FalRunner] = {
    ZIMAGE_TURBO: _runner("fal-ai/z-image/turbo/lora", 8, _UNKNOWN_MEGAPIXEL),
    FLUX2_KLEIN_9B: _runner("fal-ai/flux-2/klein/9b/base/lora", 28, _UNKNOWN_MEGAPIXEL),
    FLUX2_KLEIN_4B: _runner("fal-ai/flux-2/klein/4b/lora", 28, _UNKNOWN_MEGAPIXEL),
    FLUX2_DEV: _runner(
        "fal-ai/flux-2/lora", 28, Price(0.021, "megapixel", READ_ON), guidance_scale=2.5
    ),
    QWEN_IMAGE_2512: _runner("fal-ai/qwen-image-2512/lora", 28, _UNKNOWN_MEGAPIXEL),
    KREA_2: _runner("fal-ai/krea-2/turbo/lora", 8, _UNKNOWN_MEGAPIXEL),
    FLUX1_DEV: _runner("fal-ai/flux-lora", 28, _UNKNOWN_MEGAPIXEL, guidance_scale=3.5),
}

ENDPOINTS: Mapping[WorkKind, tuple[str, ...]] = {
    WorkKind.TRAINING: tuple(offer.remote_model for offer in TRAINING.values()),
    WorkKind.GENERATION: tuple(offer.remote_model for offer in GENERATION.values()),
}
