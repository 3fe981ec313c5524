"""What is known about one run."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

# Together's words, all of them: pending queued running compressing uploading
# cancel_requested cancelled error completed.
WAITING = frozenset({"pending", "queued"})
WORKING = frozenset({"running", "compressing", "uploading"})
OVER = frozenset({"cancelled", "error", "completed"})


@dataclass(frozen=True, slots=True)
class Wish:
    """What the client asked for, as accepted. Never changes."""

    model: str
    training_file: str
    n_epochs: int
    n_checkpoints: int
    batch_size: int
    learning_rate: float
    lora_r: int
    lora_alpha: int
    seed: int
    resolution: int  # pixels, square
    suffix: str = ""
    correlation: str = ""  # the client's own token, where it sent one
    trigger_word: str = ""
    subject: str = ""


@dataclass(slots=True, eq=False)
class Run:
    """One training. Written by the runner only; kept as `job.json`."""

    id: str
    wish: Wish
    photos: int
    dataset_bytes: int
    created_at: float
    updated_at: float
    seconds: float  # how long the engine takes, as it said when the run was accepted
    status: str = "pending"
    stage: str = "job_pending"  # type of the last event
    started_at: float | None = None
    finished_at: float | None = None
    step: int = 0
    elapsed: float = 0.0  # seconds of work done, over all processes
    seconds_left: float = 0.0
    error: str = ""
    weights_sha256: str = ""

    @property
    def total_steps(self) -> int:
        """Batches over all epochs."""
        return math.ceil(self.wish.n_epochs * self.photos / self.wish.batch_size)

    @property
    def epochs_completed(self) -> int:
        return self.wish.n_epochs * self.step // self.total_steps

    @property
    def output_name(self) -> str:
        """What Together would call the trained model."""
        parts = [self.wish.model.rpartition("/")[2], self.wish.suffix, self.id[-8:]]
        return "local/" + "-".join(part for part in parts if part)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Run:
        """Read what `dataclasses.asdict` wrote."""
        return cls(**{**values, "wish": Wish(**values["wish"])})
