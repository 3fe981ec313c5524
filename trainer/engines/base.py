"""What an engine does, and what it reports while it trains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from trainer.runs.records import Run


class TrainingError(Exception):
    """The training ended without a result. The message is for the person who started it."""


class Work(Protocol):
    """One run while an engine works on it: where its files are, and where to report.

    No answer tells of an event before it is on the disk. Progress and losses are written within
    seconds, so an engine that resumes after a crash may have to report its last ones again. Used
    on the event loop only.
    """

    run: Run
    folder: Path

    def status(self, status: str) -> None:
        """Enter one of Together's states: running, compressing, uploading."""

    def event(self, kind: str, message: str, *, step: int | None = None) -> None:
        """Report an event, in one of Together's types."""

    async def event_count(self) -> int:
        """Return how many events the engine has reported, in earlier processes too."""

    def progress(self, *, elapsed: float, step: int, seconds_left: float) -> None:
        """Report how far the run is. `elapsed` is in `run` again after a restart."""

    def losses(self, points: Sequence[tuple[int, float, float]]) -> None:
        """Record (step, loss, learning rate) points, each step once and in order."""

    async def last_loss_step(self) -> int:
        """Return the last recorded step, 0 where there is none."""


@dataclass(frozen=True, slots=True)
class Lora:
    """Weights to generate with: the run that made them, its folder, and the strength."""

    run: Run
    folder: Path
    scale: float


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """One image to generate. `seed` decides everything that is random."""

    model: str
    prompt: str
    width: int
    height: int
    seed: int
    file_format: str  # jpeg or png
    loras: tuple[Lora, ...] = ()


class Engine(Protocol):
    """Trains LoRAs and generates with them."""

    name: str  # in every answer: "simulated", ...
    training_seconds: float  # how long a usual training takes

    async def train(self, work: Work) -> None:
        """Train a run, or resume it where an earlier process left it.

        Returns when `folder/adapter.safetensors` is complete. Raises TrainingError where it
        cannot be done. Is cancelled like any asyncio task: must then release what it holds.
        """

    async def generate(self, request: ImageRequest) -> bytes:
        """Return one image as the bytes of its file."""
