"""What Together AI offers, by base model. It bills images by the megapixel, without a total."""

from __future__ import annotations

from collections.abc import Mapping

from providers.catalog import (
    FLUX1_DEV,
    FLUX1_SCHNELL,
    FLUX2_DEV,
    GenerationOffer,
    Price,
    TrainingOffer,
)

TRAINING: Mapping[str, TrainingOffer] = {
    key: TrainingOffer(key, Price(None, "training"), is_on_request=True)
    for key in (FLUX1_DEV, FLUX1_SCHNELL, FLUX2_DEV)
}
GENERATION: Mapping[str, GenerationOffer] = {
    # The only model with which it generates from LoRAs (its image model table, 2026-08).
    FLUX2_DEV: GenerationOffer(FLUX2_DEV, Price(None, "image"), steps=28, needs_public_url=True),
}
