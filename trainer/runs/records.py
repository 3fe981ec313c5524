"""What is known about one run."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from trainer.database import Row
from trainer.runs.bodies import TrainingRequest

# Together's states, all of them: pending queued running compressing uploading
# cancel_requested cancelled error completed.
WAITING = frozenset({"pending", "queued"})
WORKING = frozenset({"running", "compressing", "uploading"})
OVER = frozenset({"cancelled", "error", "completed"})


@dataclass(slots=True, eq=False)
class Run:
    """One training. Changed by the runner only."""

    id: str
    request: TrainingRequest
    correlation: str  # the client's own token, empty where it sent none
    photos: int
    dataset_bytes: int
    created_at: float
    updated_at: float
    seconds: float  # how long the engine takes, as known when the run was accepted
    status: str = "pending"
    stage: str = "job_pending"  # type of the last event
    started_at: float | None = None
    finished_at: float | None = None
    step: int = 0
    elapsed: float = 0.0  # seconds of work done, over all processes
    seconds_left: float = 0.0
    error: str = ""
    weights_sha256: str = ""
    engine: str = ""  # that has begun it

    @property
    def total_steps(self) -> int:
        """Batches over all epochs."""
        return math.ceil(self.request.n_epochs * self.photos / self.request.batch_size)

    @property
    def epochs_completed(self) -> int:
        return self.request.n_epochs * self.step // self.total_steps

    @property
    def output_name(self) -> str:
        """What Together would call the trained model."""
        parts = [self.request.model.rpartition("/")[2], self.request.suffix, self.id[-8:]]
        return "local/" + "-".join(part for part in parts if part)

    def row(self) -> Row:
        """Return the row that keeps this run."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return values | {"request": self.request.model_dump_json()}

    @classmethod
    def from_row(cls, row: Row) -> Run:
        """Return the run that a row keeps."""
        return cls(**{**row, "request": TrainingRequest.model_validate_json(row["request"])})
