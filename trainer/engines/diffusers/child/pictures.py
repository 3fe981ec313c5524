"""Draws pictures, each with up to two LoRAs."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from safetensors import safe_open

from trainer.engines.diffusers.child.drawing import draw_encoded
from trainer.engines.diffusers.child.families import FAMILIES
from trainer.engines.diffusers.child.families.base import AUTOENCODER, NETWORK, TEXTS, Family, Text
from trainer.engines.diffusers.child.quantising import quantise
from trainer.engines.diffusers.child.texts import encoded, to_processor
from trainer.engines.diffusers.protocol import Base, DrawOrder, Picture

QUALITY = 92  # of a JPEG
_STEP = 32  # pixels that sides are multiples of


class UnfitWeightsError(Exception):
    """A LoRA that has layers which the base model does not have."""


class Drawing:
    """A base model that is loaded, and draws one picture after another."""

    def __init__(self, base: Base) -> None:
        """Load it. Raises OSError and torch's own errors."""
        self._base, self._family = base, FAMILIES[base.family]
        self._pipeline = self._family.load(base, TEXTS, NETWORK, AUTOENCODER)
        quantise(self._family.network_of(self._pipeline), base)
        self._is_shared = base.device == "cuda"
        self._encode_on_card = True
        self._known: dict[str, Text] = {}  # the empty caption, once it is encoded
        self._share()

    def draw(self, order: DrawOrder) -> None:
        """Draw a picture, with its own LoRAs and no others, and write the file. Raises
        BlankPictureError, UnfitWeightsError, OSError and torch's own errors."""
        picture, pipeline = order.picture, self._pipeline
        put_on(self._family, pipeline, picture.loras)
        wanted = picture.width, picture.height
        width, height = _drawn_at(self._base.side, *wanted)
        image = draw_encoded(
            self._family,
            pipeline,
            **self._encoded(picture),
            width=width,
            height=height,
            seed=picture.seed,
            steps=picture.steps,
            guidance=picture.guidance or None,
        )
        if picture.loras:
            pipeline.unload_lora_weights()
        if image.size != wanted:
            image = image.resize(wanted, Image.Resampling.LANCZOS)
        _store(Path(order.target), image, picture.file_format)

    def _share(self) -> None:
        """Let one part at a time be on the card."""
        if self._is_shared:
            self._pipeline.enable_model_cpu_offload()

    @torch.inference_mode()
    def _encoded(self, picture: Picture) -> dict[str, Text]:
        """Return the words of a picture, encoded. Text encoders that the card once was too small
        for are not brought there again."""
        family, pipeline, unwanted = self._family, self._pipeline, picture.negative_prompt
        words = {"text": picture.prompt} | ({"unwanted": unwanted} if unwanted else {})
        words |= {} if self._known else {"nothing": family.empty}
        if not self._encode_on_card:
            to_processor(pipeline)
        found, had_room = encoded(
            pipeline,
            lambda: {name: family.encode_text(pipeline, one) for name, one in words.items()},
        )
        self._encode_on_card &= had_room
        if not self._encode_on_card:
            self._share()
        self._known = self._known or {"nothing": found["nothing"]}
        return found | self._known


def _drawn_at(side: int, width: int, height: int) -> tuple[int, int]:
    """Return the sides of the picture to draw: the same shape, as large as the model knows."""
    if not side:
        return width, height
    factor = side / math.sqrt(width * height)
    first, second = (max(_STEP, round(one * factor / _STEP) * _STEP) for one in (width, height))
    return first, second


def put_on(family: Family, pipeline: Any, loras: tuple[tuple[str, float], ...]) -> None:
    """Load LoRAs at their strengths; one whose layers do not fit is refused, where the library
    would only warn."""
    names = []
    for number, (path, _strength) in enumerate(loras):
        pipeline.load_lora_weights(path, adapter_name=f"lora{number}")
        names.append(f"lora{number}")
        _require_all_layers(family, pipeline, path, names[-1])
    if names:
        pipeline.set_adapters(names, [strength for _path, strength in loras])


def _require_all_layers(family: Family, pipeline: Any, path: str, name: str) -> None:
    with safe_open(path, "pt") as file:
        wanted = sum(
            key.endswith(("lora_A.weight", "lora_down.weight")) for key in set(file.keys())
        )
    network = family.network_of(pipeline)
    found = sum(name in getattr(module, "lora_A", ()) for module in network.modules())
    if not wanted or found < wanted:
        raise UnfitWeightsError(f"{found} of {wanted} layers of the LoRA fit the base model")


def _store(path: Path, image: Any, file_format: str) -> None:
    draft = path.with_suffix(".part")
    with draft.open("wb") as file:
        if file_format == "png":
            image.save(file, "PNG", pnginfo=PngInfo())
        else:
            image.save(file, "JPEG", quality=QUALITY)
    draft.replace(path)
