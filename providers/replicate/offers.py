"""What Replicate trains and draws, by base model, with the prices and inputs of its models.

Trainings, and pictures with what was trained there, are billed by the second of their hardware
(replicate.com/pricing: one H100 $0.001525, eight $0.0122). Official models have prices per
picture of their own, which no document of Replicate's lists dependably.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from django.utils.translation import gettext_lazy as _

from providers.catalog import (
    FLUX1_DEV,
    FLUX2_KLEIN_4B,
    FLUX2_KLEIN_9B,
    QWEN_IMAGE,
    GenerationOffer,
    Price,
    Steps,
    TrainingOffer,
)
from providers.hyperparameters import Defaults

READ_ON = date(2026, 11, 25)
H100 = Price(0.001525, "second", READ_ON)
EIGHT_H100 = Price(0.0122, "second", READ_ON)
_SOLD = _("Pictures that are made at Replicate may be used commercially.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicateTrainer(TrainingOffer):
    """A trainer with what it calls our values; what it has no name for is left to it."""

    fields: Mapping[str, str]  # our name → its name
    steps_names: tuple[str, ...] = ("steps",)  # the first that its schema knows
    has_lora_type: bool = False  # wants to know whether it is a subject or a style


@dataclass(frozen=True, slots=True, kw_only=True)
class LoraRunner(GenerationOffer):
    """An official model that fetches a LoRA from an address."""

    takes_lists: bool = False  # of LoRAs and of their scales


OSTRIS = ReplicateTrainer(
    remote_model="ostris/flux-dev-lora-trainer",
    price=H100,
    steps=Steps(3, 6000),
    defaults={
        "": Defaults(steps_per_photo=100, learning_rate=0.0004, rank=16),
        "person": Defaults(steps_per_photo=100, learning_rate=0.0004, rank=32),
    },
    seconds_to_start=60.0,
    seconds_per_step=0.8,
    resolutions=(512, 768, 1024),
    note=_SOLD,
    fields={
        "dataset": "input_images",
        "trigger_word": "trigger_word",
        "learning_rate": "learning_rate",
        "batch_size": "batch_size",
        "resolution": "resolution",
        "rank": "lora_rank",
    },
    describes_photos=True,
)
FAST = ReplicateTrainer(
    remote_model="replicate/fast-flux-trainer",
    price=EIGHT_H100,
    steps=Steps(100, 4000),
    seconds_to_start=20.0,
    seconds_per_step=0.1,
    note=_SOLD,
    decides=frozenset({"learning_rate", "batch_size", "rank", "resolution"}),
    fields={"dataset": "input_images", "trigger_word": "trigger_word"},
    steps_names=("training_steps", "steps"),
    has_lora_type=True,
)
QWEN = ReplicateTrainer(
    remote_model="qwen/qwen-image-lora-trainer",
    price=H100,
    steps=Steps(100, 6000),
    defaults={"": Defaults(steps_per_photo=100, learning_rate=0.0002, rank=64)},
    seconds_to_start=120.0,
    seconds_per_step=1.2,
    decides=frozenset({"resolution"}),
    fields={
        "dataset": "dataset",
        "caption": "default_caption",
        "learning_rate": "learning_rate",
        "batch_size": "batch_size",
        "rank": "lora_rank",
    },
)
TRAINERS: Mapping[str, ReplicateTrainer] = {
    trainer.remote_model: trainer for trainer in (OSTRIS, FAST, QWEN)
}

_PICTURE = Price(None, "image", assumed_usd=0.05)
# With what it has trained: that is a model of its own there, on one H100.
OWN = GenerationOffer(
    remote_model="", price=H100, steps=28, only_own_weights=True, seconds_per_image=6.0
)
RUNNERS: Mapping[str, LoraRunner] = {
    FLUX1_DEV: LoraRunner(
        remote_model="black-forest-labs/flux-dev-lora",
        price=_PICTURE,
        steps=28,
        needs_public_url=True,
        own=OWN,
    ),
    FLUX2_KLEIN_9B: LoraRunner(
        remote_model="black-forest-labs/flux-2-klein-9b-base-lora",
        price=_PICTURE,
        steps=28,
        needs_public_url=True,
        takes_lists=True,
        one_at_a_time=True,
    ),
    FLUX2_KLEIN_4B: LoraRunner(
        remote_model="black-forest-labs/flux-2-klein-4b-base-lora",
        price=_PICTURE,
        steps=28,
        needs_public_url=True,
        takes_lists=True,
        one_at_a_time=True,
    ),
}
TRAINING: Mapping[str, ReplicateTrainer] = {FLUX1_DEV: OSTRIS, QWEN_IMAGE: QWEN}
FAST_TRAINING: Mapping[str, ReplicateTrainer] = {FLUX1_DEV: FAST}
GENERATION: Mapping[str, GenerationOffer] = {
    **RUNNERS,
    QWEN_IMAGE: replace(OWN, one_at_a_time=True),
}
