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
    key: TrainingOffer(
        remote_model=key, price=Price(None, "training", assumed_usd=5.0), is_on_request=True
    )
    for key in (FLUX1_DEV, FLUX1_SCHNELL, FLUX2_DEV)
}
GENERATION: Mapping[str, GenerationOffer] = {
    # The only model with which it generates from LoRAs (its image model table, 2026-08).
    FLUX2_DEV: GenerationOffer(
        remote_model=FLUX2_DEV,
        price=Price(None, "megapixel", assumed_usd=0.05),
        steps=28,
        needs_public_url=True,
    ),
}
