"""Runs as Together's documented JSON."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from trainer import models, samples
from trainer.models import BaseModel
from trainer.runs.bodies import TrainingRequest
from trainer.runs.records import WORKING, Run
from trainer.runs.weights import checkpoint_steps
from trainer.times import iso

_NOT_ECHOED = {"from_checkpoint", "from_hf_model", "image_params"}


def job(run: Run, *, engine: str, base: str, queue_depth: int) -> dict[str, Any]:
    """Return the truncated job, as creating, listing and cancelling answer it.

    Beyond the documented fields: `engine`, `step`, `total_steps`, `stage`, `correlation`.
    `base` is the start of absolute URLs.
    """
    url = f"{base}/v1/finetune/download?ft_id={run.id}&checkpoint=adapter"
    return {
        "id": run.id,
        "status": run.status,
        "correlation": run.correlation,
        "created_at": iso(run.created_at),
        "updated_at": iso(run.updated_at),
        "started_at": iso(run.started_at),
        "user_id": "local",
        "model_output_name": run.output_name,
        "model_output_path": url if run.status == "completed" else None,
        "adapter_output_name": run.output_name,
        "queue_depth": queue_depth,
        "progress": {
            "estimate_available": run.status in WORKING and run.seconds_left > 0,
            "seconds_remaining": math.ceil(run.seconds_left),
        },
        "events": [],
        "total_price": 0,
        "engine": run.engine or engine,
        "step": run.step,
        "total_steps": run.total_steps,
        "stage": run.stage,
    } | _request(run.request)


def full_job(run: Run, **context: Any) -> dict[str, Any]:
    """Return the job as a single retrieve answers it, without its events."""
    return job(run, **context) | {
        "epochs_completed": run.epochs_completed,
        "steps_completed": run.step,
        "TrainingFileNumLines": run.photos,
        "TrainingFileSize": run.dataset_bytes,
        "image_params": run.request.image_params.model_dump(),
    }


def checkpoints(run: Run, folder: Path) -> list[dict[str, Any]]:
    """Return what can be downloaded, in the order of training."""
    found = [
        (step, folder / "checkpoints" / f"{step}.safetensors", "Intermediate adapter")
        for step in checkpoint_steps(folder)
    ]
    if run.status == "completed":
        found.append((run.total_steps, folder / "adapter.safetensors", "Final adapter"))
    return [
        {
            "step": step,
            "path": f"{run.id}:{step}",
            "created_at": iso(path.stat().st_mtime),
            "checkpoint_type": f"{label} at step {step}",
            "checkpoint": "adapter",
        }
        for step, path, label in found
    ]


def sample_list(run: Run, folder: Path, *, base: str) -> list[dict[str, Any]]:
    """Return the pictures that were drawn on the way, in the order of training."""
    image = run.request.image_params
    prompts = samples.prompts(image.trigger_word, image.subject)
    return [
        {
            "step": step,
            "prompt": prompts[number],
            "has_trigger": number == 0 and bool(image.trigger_word),
            "url": f"{base}/v1/fine-tunes/{run.id}/samples/{step}-{number}.jpg",
        }
        for step, number in samples.listed(folder)
    ]


def limits(
    model: BaseModel, *, engine: str, training_seconds: float, fit: dict[str, Any] | None
) -> dict[str, Any]:
    """Return the documented limits of one base model, with the engine, its usual time, and
    whether the model fits this machine where that is a question."""
    return {
        "model_name": model.name,
        "min_learning_rate": models.MIN_LEARNING_RATE,
        "max_learning_rate": models.MAX_LEARNING_RATE,
        "max_num_epochs": models.MAX_EPOCHS,
        "max_num_evals": 0,
        "max_num_checkpoints": models.MAX_CHECKPOINTS,
        "default_gradient_accumulation_steps": 1,
        "min_max_seq_length": 1,
        "max_seq_length_sft": 512,
        "max_seq_length_dpo": 512,
        "merge_output_lora": False,
        "supports_full_training": False,
        "supports_reasoning": False,
        "supports_tools": False,
        "supports_vision": True,
        "lora_training": {
            "default_rank": models.DEFAULT_RANK,
            "max_rank": models.MAX_RANK,
            "min_batch_size": 1,
            "max_batch_size": models.MAX_BATCH,
            "max_batch_size_dpo": 1,
            "target_modules": ["to_q", "to_k", "to_v", "to_out.0"],
        },
        "engine": engine,
        "training_seconds": training_seconds,
    } | ({"fit": fit} if fit else {})


def _request(request: TrainingRequest) -> dict[str, Any]:
    """Return the fields that were fixed when the run was accepted."""
    return request.model_dump(exclude=_NOT_ECHOED) | {
        "validation_file": "",
        "n_evals": 0,
        "training_type": request.training_type.model_dump() | {"lora_dropout": 0.0},
        "training_method": {"method": "sft", "train_on_inputs": "auto"},
    }
