"""A card that no text encoder fits on, made up."""

from __future__ import annotations

from typing import Any

import diffusers
import torch

from trainer.engines.diffusers.child import cache, pictures
from trainer.engines.diffusers.child.families import FAMILIES
from trainer.engines.diffusers.child.families.base import Family, Text
from trainer.engines.diffusers.protocol import Base, DrawOrder, Picture, Recipe, TrainOrder

CAPTION = "photo of zorbik shape"


class SmallCard:
    """Whatever is encoded on it runs out of memory. Everything is on the processor in truth; a
    pipeline is only said to be on the card."""

    def __init__(self) -> None:
        self.where: list[str] = []  # words were encoded
        self._is_on = False
        pipeline = diffusers.DiffusionPipeline
        pipeline.enable_model_cpu_offload = lambda *_, **__: self._put(True)  # type: ignore[assignment]
        to = pipeline.to

        def moved(one: Any, device: Any, **more: Any) -> Any:
            self._put(device == "cuda")
            return to(one, "cpu", **more)

        pipeline.to = moved  # type: ignore[method-assign]

    def _put(self, is_on: bool) -> None:
        self._is_on = is_on

    def stands_before(self, family: Family) -> None:
        """Let a family encode on it."""
        encode = family.encode_text

        def encoded(pipeline: Any, caption: str) -> Text:
            self.where.append("card" if self._is_on else "processor")
            if self._is_on:
                raise torch.cuda.OutOfMemoryError("CUDA out of memory.")
            return encode(pipeline, caption)

        family.encode_text = encoded  # type: ignore[method-assign]


def drawn_beside_a_small_card(family: str, base: str, target: str, count: int) -> list[str]:
    """Draw a picture some times, to `target` and a number; return where words were encoded."""
    card = SmallCard()
    card.stands_before(FAMILIES[family])
    drawing_ = pictures.Drawing(Base(base, family, "theway/tiny", "float32", "cuda"))
    wanted = Picture(CAPTION, 128, 128, 1, "png", steps=4)
    for number in range(count):
        drawing_.draw(DrawOrder(Base(base, family, "", "", ""), wanted, f"{target}{number}"))
    return card.where


def encoded_beside_a_small_card(folder: str, family: str, base: str) -> list[str]:
    """Encode what a training of one photo needs; return where words were encoded."""
    card = SmallCard()
    card.stands_before(FAMILIES[family])
    where = Base(base, family, "theway/tiny", "float32", "cuda")
    recipe = Recipe(1, 1e-4, 4, 1, (256,), 1, trigger_word="zorbik")
    order = TrainOrder(where, recipe, folder, "ft-1", 1)
    cache._encoded_texts(FAMILIES[family], order, [CAPTION])
    return card.where
