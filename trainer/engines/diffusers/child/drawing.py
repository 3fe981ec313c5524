"""Draws pictures: the same seed gives the same picture, and a black one is an error."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from PIL import Image

from trainer.engines.diffusers.child.families.base import Family, Text


class BlankPictureError(Exception):
    """The picture is of one colour, or no numbers at all."""


@torch.inference_mode()
def draw(
    family: Family,
    pipeline: Any,
    said: dict[str, Any],
    *,
    width: int,
    height: int,
    seed: int,
    steps: int = 0,
    guidance: float | None = None,
) -> Image.Image:
    """Return one picture of what was said: arguments of the pipeline, a prompt or its encoding.

    Raises BlankPictureError.
    """
    strength = family.guidance if guidance is None else guidance
    found: np.ndarray = pipeline(
        **said,
        **family.guided(strength),
        height=height,
        width=width,
        num_inference_steps=steps or family.steps,
        generator=torch.Generator("cpu").manual_seed(seed),
        output_type="np",
    ).images[0]
    return _image(found)


def draw_encoded(
    family: Family,
    pipeline: Any,
    text: Text,
    nothing: Text,
    *,
    unwanted: Text | None = None,
    guidance: float | None = None,
    **wishes: Any,
) -> Image.Image:
    """Return a picture of a caption that was encoded before; no text encoder is needed. `nothing`
    is the empty caption, `unwanted` what shall not be in the picture."""
    device, strength = pipeline._execution_device, guidance or family.guidance
    said = family.said(_on(device, text), _on(device, nothing), strength)
    if unwanted is not None:
        said |= family.negated(_on(device, unwanted), strength)
    image: Image.Image = draw(family, pipeline, said, guidance=strength, **wishes)
    return image


def _on(device: torch.device, text: Text) -> Text:
    return {name: one.to(device) for name, one in text.items()}


def _image(values: np.ndarray) -> Image.Image:
    if not np.isfinite(values).all() or values.std() < 1e-4:
        raise BlankPictureError
    return Image.fromarray((values * 255).round().astype(np.uint8))
