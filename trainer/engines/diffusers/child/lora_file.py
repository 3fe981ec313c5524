"""The file of a LoRA: diffusers' names, alpha folded in, one rank, public metadata only.

Readers differ in what they take alpha for (ComfyUI reads none from the header), so that B is
multiplied by alpha / rank and alpha is the rank.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from diffusers.utils import convert_state_dict_to_kohya
from safetensors.torch import load_file, save, save_file

from trainer.disk import sync_folder
from trainer.engines.diffusers.child.families.base import Family
from trainer.engines.diffusers.known import KNOWN
from trainer.engines.diffusers.protocol import TrainOrder

Tensors = dict[str, torch.Tensor]


class UselessWeightsError(Exception):
    """Weights that are no numbers, or change nothing."""


def write(path: Path, tensors: Mapping[str, torch.Tensor], metadata: Mapping[str, str]) -> None:
    """Write the file whole, read it back and compare. Raises UselessWeightsError and OSError."""
    _require_useful(tensors)
    path.parent.mkdir(exist_ok=True)
    draft = path.with_name(f".{path.name}.part")
    said = {**metadata, "modelspec.hash_sha256": f"0x{_digest_of(tensors)}"}
    save_file(dict(tensors), draft, said)
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    back = load_file(draft)
    if back.keys() != tensors.keys() or any(
        not torch.equal(back[name], tensors[name]) for name in back
    ):
        raise OSError("the weights were not written as they are")
    draft.replace(path)
    sync_folder(path.parent)


def named(family: Family, lora: Mapping[str, torch.Tensor], dtype: torch.dtype) -> Tensors:
    """Return PEFT's tensors under diffusers' names; `lora` has one rank, and alpha is the rank."""
    return {
        f"{family.network}.{name}": value.to("cpu", dtype).contiguous()
        for name, value in lora.items()
    }


def renamed(tensors: Mapping[str, torch.Tensor]) -> Tensors:
    """Return the same weights under kohya's names, as programs for Stable Diffusion read them."""
    found: Tensors = convert_state_dict_to_kohya(dict(tensors))
    return found


def metadata_of(family: Family, order: TrainOrder, step: int) -> dict[str, str]:
    """Return what the header says: nothing of the photos, the captions or the person."""
    recipe, name = order.recipe, order.base.name
    side = max(recipe.resolutions)
    said = {
        "format": "pt",
        "modelspec.sai_model_spec": "1.0.1",
        "modelspec.architecture": family.architecture,
        "modelspec.implementation": "diffusers",
        "modelspec.title": f"LoRA for {name}",
        "modelspec.date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "modelspec.trigger_phrase": recipe.trigger_word,
        "modelspec.resolution": f"{side}x{side}",
        "modelspec.license": KNOWN[name].licence if name in KNOWN else "",
        "ss_base_model_version": family.kohya or order.base.family,
        "ss_network_module": "networks.lora",
        "ss_network_dim": str(recipe.rank),
        "ss_network_alpha": str(recipe.rank),
        "ss_num_train_images": str(order.photos),
        "ss_steps": str(step),
        "ss_learning_rate": str(recipe.learning_rate),
        "ss_resolution": f"({side}, {side})",
        "ss_seed": str(recipe.seed),
        "base_model": name,
        "trigger_word": recipe.trigger_word,
        "subject": recipe.subject,
        "engine": "diffusers",
        "run_id": order.run_id,
        "step": str(step),
    }
    return {key: value for key, value in said.items() if value}


def _require_useful(tensors: Mapping[str, Any]) -> None:
    if not all(torch.isfinite(one).all() for one in tensors.values()):
        raise UselessWeightsError("not_finite")
    ups = [
        one for name, one in tensors.items() if name.endswith(("lora_B.weight", "lora_up.weight"))
    ]
    if not any(one.abs().max() > 0 for one in ups):
        raise UselessWeightsError("learned_nothing")


def _digest_of(tensors: Mapping[str, torch.Tensor]) -> str:
    """Return the digest of everything behind the header, as modelspec wants it."""
    data = save(dict(tensors))
    start = 8 + int.from_bytes(data[:8], "little")
    return hashlib.sha256(memoryview(data)[start:]).hexdigest()
