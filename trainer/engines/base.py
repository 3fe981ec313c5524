"""What an engine is asked, and what it may say while it trains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from trainer.runs.records import Run


class TrainingFailed(Exception):
    """The training is over without a result. The message is for the person who started it."""


class Work(Protocol):
    """One run in the hands of an engine: where its files lie and whom to tell.

    Events are on disk before the call returns; progress and losses follow within seconds, so an
    engine that goes on after a crash may have to say its last ones again. Used on the event loop
    only.
    """

    run: Run
    folder: Path

    def status(self, word: str) -> None:
        """Enter one of Together's states: running, compressing, uploading."""

    def event(self, kind: str, message: str, *, step: int | None = None) -> None:
        """Say that something happened, in one of Together's event types."""

    def reported(self) -> int:
        """Give how many events the engine has said about this run, in earlier processes too."""

    def progress(self, *, elapsed: float, step: int, seconds_left: float) -> None:
        """Say how far the run is. `elapsed` comes back in `run` after a restart."""

    def losses(self, points: Sequence[tuple[int, float, float]]) -> None:
        """Record (step, loss, learning rate) points, each step once and in order."""

    def last_loss_step(self) -> int:
        """Give the last recorded step, 0 where there is none."""


@dataclass(frozen=True, slots=True)
class Lora:
    """Weights to draw with: the run that made them, its folder, and the strength."""

    run: Run
    folder: Path
    scale: float


@dataclass(frozen=True, slots=True)
class PictureRequest:
    """One picture to draw. `seed` decides everything that is left to chance."""

    model: str
    prompt: str
    width: int
    height: int
    seed: int
    file_format: str  # jpeg or png
    loras: tuple[Lora, ...] = ()


class Engine(Protocol):
    """Trains LoRAs and draws with them."""

    name: str  # said in every answer: "simulated", ...
    training_seconds: float  # how long a usual training takes

    async def train(self, work: Work) -> None:
        """Train a run, or go on where an earlier process left it.

        Gives back when `folder/adapter.safetensors` is complete. Raises TrainingFailed where it
        cannot be done. Is cancelled like any asyncio task: must then let go of what it holds.
        """

    async def draw(self, request: PictureRequest) -> bytes:
        """Give one picture as the bytes of its file."""
