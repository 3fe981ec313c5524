"""What a form must say to make a picture once more, or another one like it."""

from __future__ import annotations

from typing import Any

from generation.models import GeneratedImage
from generation.prompts import DEFAULT_RATIO, RATIOS
from generation.services import DETAILS, MAX_SEED
from providers.registry import runs_here


def wishes_of(image: GeneratedImage, *, same_seed: bool) -> dict[str, Any]:
    """Return the values of the form that made `image`, by field; without the seed unless
    `same_seed`. What is empty is said too: it was empty then."""
    kept = image.settings
    ratio = kept.get("ratio")
    return {
        "prompt": kept.get("typed_prompt") or image.prompt,
        "ratio": ratio if ratio in RATIOS else DEFAULT_RATIO,
        "strength": kept.get("strength", 1.0),
        "seed": _seed_of(image) if same_seed else "",
        "provider": kept.get("provider", ""),
        **{name: kept.get(name, "") for name in DETAILS},
    }


def _seed_of(image: GeneratedImage) -> int | str:
    """The trainer on this machine gives each picture of a job the next seed; the others say
    nothing about that."""
    if image.seed is None:
        return ""
    further = image.index if runs_here(image.settings.get("provider", "")) else 0
    return (image.seed + further) % (MAX_SEED + 1)
