"""The weights of a simulated training: a small valid LoRA file that changes nothing."""

from __future__ import annotations

import random
import struct
from collections.abc import Mapping

from trainer.safetensors import Tensor, serialize

RANK = 2
BLOCKS = 2
PROJECTIONS = ("to_q", "to_k", "to_v", "to_out.0")
NOTE = "Made by an emulator: not a trained LoRA. Its B matrices are zero."


def lora(run_id: str, width: int, facts: Mapping[str, str]) -> bytes:
    """Return a safetensors file for a transformer of hidden size `width`; `facts` are its metadata.

    Its tensors have the names that diffusers uses. B is zero, as in a LoRA that has not learned
    anything: loaded into a real model, it leaves its pictures as they are.
    """
    numbers = random.Random(run_id)  # noqa: S311 - filling, not a secret
    tensors = {}
    for block in range(BLOCKS):
        for projection in PROJECTIONS:
            name = f"transformer.transformer_blocks.{block}.attn.{projection}"
            values = [numbers.uniform(-0.01, 0.01) for _ in range(RANK * width)]
            packed = struct.pack(f"<{len(values)}e", *values)
            tensors[f"{name}.lora_A.weight"] = Tensor((RANK, width), packed)
            tensors[f"{name}.lora_B.weight"] = Tensor((width, RANK), bytes(2 * RANK * width))
    return serialize(tensors, {"format": "pt", "simulated": "true", "note": NOTE, **facts})
