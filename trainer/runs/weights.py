"""The result files of a run."""

from __future__ import annotations

import hashlib
from pathlib import Path

from trainer.errors import invalid, not_found
from trainer.runs.records import Run

FINAL = "adapter.safetensors"
KOHYA = "adapter.kohya.safetensors"


def checksum(path: Path) -> str:
    """Return the sha256 of a file in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def checkpoint_steps(folder: Path) -> list[int]:
    """Return the steps of the intermediate checkpoints, in order."""
    return sorted(int(path.stem) for path in (folder / "checkpoints").glob("*.safetensors"))


def weights_path(run: Run, folder: Path, checkpoint: str, step: str) -> Path:
    """Return the file a download asks for.

    Takes the documented query: `checkpoint` (adapter, model_output_path; merged is not made; ours:
    kohya, the same under the names that some programs want, where there are such)
    and `checkpoint_step`, where 0, nothing and the last step mean the final weights.
    Raises a 400 or 404 where there is no such file.
    """
    if step not in {"", "0", str(run.total_steps)}:
        if not step.isdecimal() or int(step) not in checkpoint_steps(folder):
            raise not_found(f"Checkpoint {step[:20]} of {run.id}")
        return folder / "checkpoints" / f"{int(step)}.safetensors"
    if checkpoint not in {"", "adapter", "model_output_path", "kohya"}:
        raise invalid("checkpoint must be adapter: this trainer merges no models.", "checkpoint")
    if run.status != "completed":
        raise invalid(f"{run.id} is {run.status}: there are no final weights.", "ft_id")
    if checkpoint != "kohya":
        return folder / FINAL
    if not (folder / KOHYA).exists():
        raise not_found(f"A file of {run.id} with kohya's names (for SDXL and SD 1.5 only)")
    return folder / KOHYA
