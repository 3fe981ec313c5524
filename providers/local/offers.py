"""What the bundled trainer trains and generates, by base model.

Simulated it has three of them. With its real engine it has those that are on its machine, which
it says itself (`Local.describe`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from providers.catalog import (
    FLUX1_DEV,
    FLUX1_SCHNELL,
    FLUX2_DEV,
    FLUX2_KLEIN_4B,
    FLUX2_KLEIN_9B,
    QWEN_IMAGE,
    SD15,
    SDXL,
    TINY_SHAPES,
    ZIMAGE,
    GenerationOffer,
    Price,
    TrainingOffer,
)
from providers.hyperparameters import Defaults

RESOLUTIONS = (512, 768, 1024)
SIMULATED_TOO = frozenset({FLUX1_DEV, FLUX1_SCHNELL, FLUX2_DEV})
# A style is learned from more photos, and needs more room for what they have in common.
STYLE_STEPS, STYLE_RANK = 60, 32


@dataclass(frozen=True, slots=True)
class _Recipe:
    """What is usual for one base model: steps of a picture, as its authors recommend, and what a
    LoRA learns well at (where ai-toolkit and diffusers' own scripts start from, 2026)."""

    picture_steps: int
    learning_rate: float = 0.0001
    steps_per_photo: int = 100
    keeps_prior: bool = False  # small ones forget everything else

    def defaults(self) -> dict[str, Defaults]:
        steps, rate = self.steps_per_photo, self.learning_rate
        style = Defaults(min(steps, STYLE_STEPS), rate, STYLE_RANK, self.keeps_prior)
        return {"": Defaults(steps, rate, keeps_prior=self.keeps_prior), "style": style}


_RECIPES = {
    FLUX1_DEV: _Recipe(28, learning_rate=0.0002),
    FLUX1_SCHNELL: _Recipe(4, learning_rate=0.0002),
    FLUX2_DEV: _Recipe(28, learning_rate=0.0002),
    FLUX2_KLEIN_4B: _Recipe(50),
    FLUX2_KLEIN_9B: _Recipe(50),
    ZIMAGE: _Recipe(30),
    QWEN_IMAGE: _Recipe(30),
    SDXL: _Recipe(30),
    SD15: _Recipe(30),
    # Next to nothing of a model: few steps teach it.
    TINY_SHAPES: _Recipe(12, learning_rate=0.0004, steps_per_photo=75, keeps_prior=True),
}

TRAINING: Mapping[str, TrainingOffer] = {
    key: TrainingOffer(
        remote_model=key,
        price=Price(0.0, "training"),
        needs_real_engine=key not in SIMULATED_TOO,
        defaults=recipe.defaults(),
        resolutions=RESOLUTIONS,
    )
    for key, recipe in _RECIPES.items()
}
GENERATION: Mapping[str, GenerationOffer] = {
    key: GenerationOffer(
        remote_model=key,
        price=Price(0.0, "image"),
        steps=recipe.picture_steps,
        only_own_weights=True,
    )
    for key, recipe in _RECIPES.items()
}
