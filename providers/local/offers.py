"""What the bundled trainer trains and generates, by base model."""

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

# Denoising steps that each base model's authors recommend.
_STEPS = {FLUX1_DEV: 28, FLUX1_SCHNELL: 4, FLUX2_DEV: 28}

TRAINING: Mapping[str, TrainingOffer] = {
    key: TrainingOffer(remote_model=key, price=Price(0.0, "training"), resolutions=(512, 768, 1024))
    for key in _STEPS
}
GENERATION: Mapping[str, GenerationOffer] = {
    key: GenerationOffer(
        remote_model=key, price=Price(0.0, "image"), steps=steps, only_own_weights=True
    )
    for key, steps in _STEPS.items()
}
