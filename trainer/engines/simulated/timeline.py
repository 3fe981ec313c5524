"""What happens when in a simulated training: a pure function of the run."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from trainer.runs.records import Run
from trainer.words import counted

# Shares of the whole time.
PHOTOS_READ = 0.04
MODEL_LOADED = 0.10
TRAINED = 0.88
COMPRESSED = 0.92
UPLOADED = 0.98

MAX_EPOCH_EVENTS = 20
MAX_LOSSES = 500


@dataclass(frozen=True, slots=True)
class Moment:
    """One event to come. `at` is a share of the whole time; `status` is entered with it."""

    at: float
    kind: str
    message: str
    step: int | None = None
    status: str = "running"


def plan(run: Run) -> list[Moment]:
    """Return every event of a run in order."""
    total, model = run.total_steps, run.request.model
    photos, steps = counted(run.photos, "photo", "photos"), counted(total, "step", "steps")
    return [
        Moment(0.0, "job_start", "Job started on the simulated engine: nothing is really trained"),
        Moment(0.0, "training_data_downloading", "Reading the photos"),
        Moment(PHOTOS_READ, "training_data_download_complete", f"{photos} read"),
        Moment(PHOTOS_READ, "model_downloading", f"Loading {model} (simulated)"),
        Moment(MODEL_LOADED, "model_download_complete", f"{model} loaded (simulated)"),
        Moment(MODEL_LOADED, "training_start", f"Simulated training of {steps}", step=0),
        *_training(run),
        Moment(TRAINED, "training_complete", "Simulated training complete", step=total),
        Moment(TRAINED, "model_compressing", "Packing the weights", status="compressing"),
        Moment(COMPRESSED, "model_compression_complete", "Weights packed", status="compressing"),
        Moment(COMPRESSED, "model_uploading", "Storing the weights", status="uploading"),
        Moment(UPLOADED, "model_upload_complete", "Weights stored", status="uploading"),
    ]


def step_at(run: Run, share: float) -> int:
    """Return the step a run has reached after a share of its time."""
    part = (share - MODEL_LOADED) / (TRAINED - MODEL_LOADED)
    # The tiny addition keeps rounding from losing the step that was just reached.
    return min(run.total_steps, max(0, math.floor(run.total_steps * part + 1e-6)))


def loss(run: Run, step: int) -> float:
    """Return the loss shown for a step: falls, with noise, the same for the same run."""
    noise = random.Random(f"{run.id}:{step}")  # noqa: S311 - decoration, not a secret
    fallen = 0.34 + 0.26 * math.exp(-4.0 * step / run.total_steps)
    return round(max(0.05, fallen + noise.gauss(0, 0.025)), 4)


def loss_steps(run: Run, after: int, up_to: int) -> list[int]:
    """Return the steps after `after` whose loss is recorded: at most 500 in the whole run."""
    stride = math.ceil(run.total_steps / MAX_LOSSES)
    return [step for step in range(after + 1, up_to + 1) if step % stride == 0]


def learning_rate(run: Run, step: int) -> float:
    """Return the learning rate of a step: a cosine from the requested rate to zero."""
    return run.request.learning_rate * (1 + math.cos(math.pi * step / run.total_steps)) / 2


def _training(run: Run) -> list[Moment]:
    moments = _epochs(run) + _checkpoints(run)
    return sorted(moments, key=lambda moment: (moment.at, moment.kind))


def _epochs(run: Run) -> list[Moment]:
    epochs = run.request.n_epochs
    stride = math.ceil(epochs / MAX_EPOCH_EVENTS)
    return [
        _at_step(
            run,
            run.total_steps * epoch // epochs,
            "epoch_complete",
            f"Epoch {epoch} of {epochs} complete",
        )
        for epoch in range(1, epochs + 1)
        if epoch % stride == 0 or epoch == epochs
    ]


def _checkpoints(run: Run) -> list[Moment]:
    # The last checkpoint is the result itself: it needs no event of its own.
    count = run.request.n_checkpoints
    steps = sorted({run.total_steps * at // count for at in range(1, count)} - {0})
    return [_at_step(run, step, "checkpoint_save", f"Checkpoint at step {step}") for step in steps]


def _at_step(run: Run, step: int, kind: str, message: str) -> Moment:
    share = MODEL_LOADED + (TRAINED - MODEL_LOADED) * step / run.total_steps
    return Moment(min(share, TRAINED), kind, message, step=step)
