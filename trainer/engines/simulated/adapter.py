"""The weights of a simulated training: a valid FLUX LoRA file that changes nothing."""

from __future__ import annotations

import random
import struct
from pathlib import Path

from trainer import disk
from trainer.engines.simulated.models import BASE_MODELS, WIDTHS
from trainer.runs.records import Run
from trainer.safetensors import Tensor, serialize

RANK = 2
BLOCKS = 2
PROJECTIONS = ("to_q", "to_k", "to_v", "to_out.0")
NOTE = "Made by the simulated engine: not a trained LoRA. Its B matrices are zero."


def write_adapter(run: Run, path: Path, step: int) -> None:
    """Write the weights of a run as they are after `step`, whole and on the disk."""
    path.parent.mkdir(exist_ok=True)
    disk.write_bytes(path, serialize(_tensors(run, step), _metadata(run, step)))


def _tensors(run: Run, step: int) -> dict[str, Tensor]:
    """Return a few tensors with the names that diffusers uses for a FLUX LoRA.

    B is zero, as in a LoRA that has not learned anything: loading these weights into a real
    model leaves its images as they are, so a mix-up does no harm.
    """
    width = WIDTHS[BASE_MODELS[run.request.model].family]
    numbers = random.Random(f"{run.id}:{step}")  # noqa: S311 - filling, not a secret
    tensors = {}
    for block in range(BLOCKS):
        for projection in PROJECTIONS:
            name = f"transformer.transformer_blocks.{block}.attn.{projection}"
            values = [numbers.uniform(-0.01, 0.01) for _ in range(RANK * width)]
            packed = struct.pack(f"<{len(values)}e", *values)
            tensors[f"{name}.lora_A.weight"] = Tensor((RANK, width), packed)
            tensors[f"{name}.lora_B.weight"] = Tensor((width, RANK), bytes(2 * RANK * width))
    return tensors


def _metadata(run: Run, step: int) -> dict[str, str]:
    return {
        "format": "pt",
        "simulated": "true",
        "note": NOTE,
        "base_model": run.request.model,
        "trigger_word": run.request.image_params.trigger_word,
        "subject": run.request.image_params.subject,
        "run_id": run.id,
        "step": str(step),
    }
