"""Draws one picture with up to two LoRAs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PIL.PngImagePlugin import PngInfo
from safetensors import safe_open

from trainer.engines.diffusers.child.drawing import draw
from trainer.engines.diffusers.child.families import FAMILIES
from trainer.engines.diffusers.child.families.base import AUTOENCODER, NETWORK, TEXTS, Family
from trainer.engines.diffusers.child.messages import Messages
from trainer.engines.diffusers.child.quantising import quantise
from trainer.engines.diffusers.protocol import DrawOrder, Message, Picture

QUALITY = 92  # of a JPEG


class UnfitWeightsError(Exception):
    """A LoRA that has layers which the base model does not have."""


def draw_picture(order: DrawOrder, messages: Messages) -> None:
    """Draw and write the file. Raises BlankPictureError, UnfitWeightsError, OSError and torch's own
    errors."""
    family, picture = FAMILIES[order.base.family], order.picture
    pipeline = family.load(order.base, TEXTS, NETWORK, AUTOENCODER)
    quantise(family.network_of(pipeline), order.base)
    if order.base.device == "cuda":
        pipeline.enable_model_cpu_offload()  # one part at a time is on the card
    put_on(family, pipeline, picture.loras)
    image = draw(
        family,
        pipeline,
        _said(family, pipeline, picture),
        width=picture.width,
        height=picture.height,
        seed=picture.seed,
        steps=picture.steps,
        guidance=picture.guidance or None,
    )
    _store(Path(order.target), image, picture.file_format)
    messages.send(Message(done=True))


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


def _said(family: Family, pipeline: Any, picture: Picture) -> dict[str, Any]:
    said: dict[str, Any] = {"prompt": picture.prompt}
    if family.is_flow:
        said["max_sequence_length"] = family.longest(pipeline)
    return said | family.negative(pipeline, picture.negative_prompt)


def _store(path: Path, image: Any, file_format: str) -> None:
    draft = path.with_suffix(".part")
    with draft.open("wb") as file:
        if file_format == "png":
            image.save(file, "PNG", pnginfo=PngInfo())
        else:
            image.save(file, "JPEG", quality=QUALITY)
    draft.replace(path)
