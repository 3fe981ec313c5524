"""What tests ask of torch: each function runs in a process of its own and answers in JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import Flux2KleinPipeline, FluxPipeline, QwenImagePipeline

from bench import train
from bench.true_sizes import NETWORKS, network_of
from tests.training_engine.pipelines import MAKERS
from tests.training_engine.small_card import (
    drawn_beside_a_small_card as drawn_beside_a_small_card,
    encoded_beside_a_small_card as encoded_beside_a_small_card,
)
from trainer.engines.diffusers.child import cache, drawing, pictures, quantising
from trainer.engines.diffusers.child.chance import chance_of
from trainer.engines.diffusers.child.families import FAMILIES
from trainer.engines.diffusers.child.families.base import (
    AUTOENCODER,
    NETWORK,
    TEXTS,
    Family,
    Text,
)
from trainer.engines.diffusers.child.objective import Flow, Noise
from trainer.engines.diffusers.child.photos import frame_of, pixels_of, read_photos
from trainer.engines.diffusers.protocol import Base, Recipe

NETWORKS_OF = {family: kind for family, kind, _config in NETWORKS.values()}
CAPTION = "photo of zorbik shape"
WIDTH, HEIGHT = 192, 256
UNGUIDED = {"flux1": 1.0, "zimage": 0.0}


def make(family: str, folder: str) -> None:
    """Write the tiny base model of a family."""
    torch.manual_seed(0)
    MAKERS[family]().save_pretrained(folder)


# --- does it answer better? ------------------------------------------------------------------


@torch.inference_mode()
def errors(family: str, folder: str, base: str, lora: str) -> list[float]:
    """Return how wrong the base answers about the first photo of a run, and how wrong with the
    LoRA: a mean over fixed noise and times."""
    kind = FAMILIES[family]
    pipeline = _whole(kind, base)
    photo = next(read_photos(Path(folder) / "dataset.jsonl"))
    latents = kind.encode_photo(pipeline, pixels_of(photo.image, photo.image.size))
    text = kind.encode_text(pipeline, photo.caption) | _frame(*photo.image.size)
    found = [_error(kind, pipeline, latents, text)]
    pictures.put_on(kind, pipeline, ((lora, 1.0),))
    return [*found, _error(kind, pipeline, latents, text)]


def _error(family: Family, pipeline: Any, latents: torch.Tensor, text: Text) -> float:
    scheduler = pipeline.scheduler
    objective = Flow(family.patch, scheduler) if family.is_flow else Noise(scheduler)
    total = 0.0
    for number in range(8):
        asked = objective.question(latents, 65_536, chance_of(7, "probe", number))
        answer = family.predict(pipeline, asked.noisy, asked.time, [text])
        total += float((answer - asked.answer).pow(2).mean())
    return total / 8


# --- does training ask as the published pipeline asks? ---------------------------------------


@torch.inference_mode()
def differences_in_asking(family: str, base: str) -> dict[str, float]:
    """Let diffusers' own pipeline draw and record what it asks of the network at its second step;
    ask the same in training's way. Return the greatest difference of every argument, and of what
    is taken for the answer."""
    kind = FAMILIES[family]
    pipeline = _whole(kind, base)
    asked: list[dict[str, Any]] = []
    network = kind.network_of(pipeline)
    network.register_forward_pre_hook(
        lambda _m, told, more: asked.append(_named(told, more)), with_kwargs=True
    )
    answered = _watched(pipeline.scheduler)
    pipeline(
        **_said(kind, pipeline),
        width=WIDTH,
        height=HEIGHT,
        num_inference_steps=3,
        output_type="latent",
        generator=torch.Generator().manual_seed(1),
        **kind.guided(UNGUIDED.get(family, 1.0)),
    )
    theirs, their_answer = asked[1], _unpacked(family, answered[1])
    noisy = _unpacked(family, theirs["0"] if "0" in theirs else theirs["hidden_states"])
    scheduler = pipeline.scheduler
    when = scheduler.sigmas[1:2] if kind.is_flow else scheduler.timesteps[1:2]
    text = kind.encode_text(pipeline, CAPTION) | _frame(WIDTH, HEIGHT)
    answer = kind.predict(pipeline, noisy, when, [text])
    return _differences(theirs, asked[-1]) | {"answer": _distance(their_answer, answer)}


@torch.inference_mode()
def difference_in_decoding(family: str, base: str) -> float:
    """Put an encoded photo at the end of diffusers' own pipeline; return how far what it decodes
    is from what the autoencoder had said of the photo."""
    kind = FAMILIES[family]
    pipeline = _whole(kind, base)
    pixels = torch.rand((1, 3, HEIGHT, WIDTH), generator=chance_of(1)) * 2 - 1
    encoded = kind.encode_photo(pipeline, pixels)
    raw = pixels.unsqueeze(2) if family == "qwen-image" else pixels
    said = pipeline.vae.encode(raw).latent_dist.mode()
    decoded: list[torch.Tensor] = []
    decode = pipeline.vae.decode

    def watched(latents: torch.Tensor, *rest: Any, **more: Any) -> Any:
        decoded.append(latents)
        return decode(latents, *rest, **more)

    pipeline.vae.decode = watched
    pipeline.scheduler.step = lambda *_, **__: (_packed(family, encoded),)
    pipeline(
        **_said(kind, pipeline),
        width=WIDTH,
        height=HEIGHT,
        num_inference_steps=1,
        **kind.guided(UNGUIDED.get(family, 1.0)),
    )
    return _distance(decoded[0], said)


def _said(family: Family, pipeline: Any) -> dict[str, Any]:
    """A picture's words as the published pipeline takes them, of the same length as in training."""
    said: dict[str, Any] = {"prompt": CAPTION}
    if family.is_flow:
        said["max_sequence_length"] = family.longest(pipeline)
    return said | ({"negative_prompt": family.empty} if family.empty else {})


@torch.inference_mode()
def difference_in_drawing(family: str, base: str) -> int:
    """Draw from words, as pictures are, and from what was encoded before, as samples are; return
    the greatest difference of a pixel."""
    kind = FAMILIES[family]
    pipeline = _whole(kind, base)
    wishes: dict[str, Any] = {"width": WIDTH, "height": HEIGHT, "seed": 3, "steps": 3}
    said = drawing.draw(kind, pipeline, _said(kind, pipeline), **wishes)
    text, nothing = (kind.encode_text(pipeline, words) for words in (CAPTION, kind.empty))
    encoded = drawing.draw_encoded(kind, pipeline, text, nothing, **wishes)
    return int(np.abs(np.asarray(said, int) - np.asarray(encoded, int)).max())


def _watched(scheduler: Any) -> list[torch.Tensor]:
    answers: list[torch.Tensor] = []
    step = scheduler.step

    def watched(answer: torch.Tensor, *rest: Any, **more: Any) -> Any:
        answers.append(answer)
        return step(answer, *rest, **more)

    scheduler.step = watched
    return answers


def _named(told: tuple[Any, ...], more: dict[str, Any]) -> dict[str, Any]:
    return {str(at): one for at, one in enumerate(told)} | more


def _differences(theirs: dict[str, Any], ours: dict[str, Any]) -> dict[str, float]:
    return {
        name: _distance(value, ours.get(name))
        for name, value in theirs.items()
        if value is not None
        and name not in {"return_dict", "cross_attention_kwargs"}
        and not (isinstance(value, dict) and not value)
    }


def _distance(one: Any, other: Any) -> float:
    if isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor):
        if other.shape != one.shape and other.squeeze().shape != one.squeeze().shape:
            return float("inf")
        return float((one.squeeze().double() - other.squeeze().double()).abs().max())
    if isinstance(one, dict):
        return max((_distance(one[key], (other or {}).get(key)) for key in one), default=0.0)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return max((_distance(a, b) for a, b in zip(one, other, strict=True)), default=0.0)
    return 0.0 if one == other else float("inf")


def _packed(family: str, latents: torch.Tensor) -> torch.Tensor:
    match family:
        case "flux1":
            return FluxPipeline._pack_latents(latents, *latents.shape)
        case "flux2-klein":
            return Flux2KleinPipeline._pack_latents(latents)
        case "qwen-image":
            return QwenImagePipeline._pack_latents(latents, *latents.shape)
    return latents


def _unpacked(family: str, packed: Any) -> torch.Tensor:
    match family:
        case "flux1":
            return FluxPipeline._unpack_latents(packed, HEIGHT, WIDTH, 16)
        case "flux2-klein":
            ids = Flux2KleinPipeline._prepare_latent_ids(
                torch.empty(1, 1, HEIGHT // 16, WIDTH // 16)
            )
            return Flux2KleinPipeline._unpack_latents_with_ids(packed, ids)
        case "qwen-image":
            return QwenImagePipeline._unpack_latents(packed, HEIGHT, WIDTH, 8).squeeze(2)
        case "zimage" if isinstance(packed, list):
            return torch.stack(packed).squeeze(2)
    found: torch.Tensor = packed
    return found


def _frame(width: int, height: int) -> Text:
    return {"frame": torch.tensor([frame_of((width, height), (width, height))])}


def _whole(family: Family, base: str) -> Any:
    key = next(key for key, one in FAMILIES.items() if one is family)
    return family.load(
        Base(base, key, "theway/tiny", "float32", "cpu"), TEXTS, NETWORK, AUTOENCODER
    )


# --- the networks of the published models ------------------------------------------------------


def measured(names: list[str]) -> dict[str, dict[str, float]]:
    """Return what `_measured` says of each model."""
    return {name: _measured(name) for name in names}


def _measured(name: str) -> dict[str, float]:
    """Return billions of parameters; how many layers learn and the MiB of their LoRA at rank 16 in
    16 bits; the same of all layers in the blocks, and which share of the parameters they have."""
    family, network = network_of(name)
    learning = FAMILIES[family].learning_layers(network)
    in_blocks = quantising.layers_of(network)
    total = sum(one.numel() for one in network.parameters())
    small = sum(network.get_submodule(one).weight.numel() for one in in_blocks)
    return {
        "billions": total / 1e9,
        "layers": len(learning),
        "mebibytes": _mebibytes(network, learning),
        "in_blocks": len(in_blocks),
        "mebibytes_in_blocks": _mebibytes(network, in_blocks),
        "quantised": small / total,
    }


def _mebibytes(network: torch.nn.Module, names: list[str]) -> float:
    layers = [network.get_submodule(name) for name in names]
    return sum(16 * 2 * (one.in_features + one.out_features) for one in layers) / 2**20


def benched(bases: dict[str, str]) -> dict[str, list[float]]:
    """Return seconds of our step and of the plain one, for the network of each base model, filled
    as those of the published models are."""
    found = {}
    for family, folder in bases.items():
        kind, where = FAMILIES[family], Base(folder, family, "theway/tiny", "float32", "cpu")
        config = kind.network_of(kind.load(where, NETWORK)).config
        with torch.device("meta"):
            network = NETWORKS_OF[family].from_config(config)
        measured = train.compared(where, train.filled(network, where), 256, 2)
        found[family] = [one.seconds for one in measured]
    return found


def computed(name: str) -> float:
    """Return the billions of FLOP of a published model's step."""
    return train.flops_of(name, 256) / 1e9


def opened(folder: str) -> list[list[Any]]:
    """Return size and first pixel of every photo of a dataset, as they are trained on."""
    photos = read_photos(Path(folder) / "dataset.jsonl")
    return [[*one.image.size, list(one.image.getpixel((0, 0)))] for one in photos]


def without_word(caption: str, word: str, subject: str) -> str:
    """Return the caption of what a training shall leave as it was."""
    return cache._without_word(caption, Recipe(1, 1e-4, 4, 1, (256,), 1, word, subject))
