"""What an engine does; what it reports while it trains is in `runs.work`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from trainer.models import BaseModel

if TYPE_CHECKING:  # a child process has none of what the service is made of
    from trainer.runs.work import Work


class TrainingError(Exception):
    """The training ended without a result. The message is for the person who started it."""


class GenerationError(Exception):
    """No image came of it. The message is for the person who asked."""


class EngineBusyError(GenerationError):
    """Nothing was started: what it needs is in use, for longer than one should wait. It is worth
    asking again after `seconds`."""

    def __init__(self, message: str, seconds: int) -> None:
        super().__init__(message)
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Lora:
    """Weights to generate with: the folder of the run that made them, and the strength."""

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
    # Zero and nothing mean what the base model's authors recommend.
    steps: int = 0
    guidance: float = 0.0
    negative_prompt: str = ""


class Engine(Protocol):
    """Trains LoRAs and generates with them."""

    name: str  # in every answer: "simulated", ...
    why: str  # this one, where a better one was looked for; else empty
    training_seconds: float  # how long a usual training takes; 0: nobody can know
    slots: int  # trainings at once

    def models(self) -> Mapping[str, BaseModel]:
        """Return the base models that are there to train and to generate with, by name."""

    async def fit(self, model: str, batch: int = 1) -> dict[str, Any] | None:
        """Return whether and how a base model fits this machine with so many photos at a time:
        fits, words, precision, resolution, needs_bytes, free_bytes, card, seconds_per_step,
        largest_batch. None where that is no question."""

    async def missing(self, model: str) -> str:
        """Return why a base model is not among `models`, and what to do about it."""

    async def train(self, work: Work) -> None:
        """Train a run, or resume it where an earlier process left it.

        Returns when `folder/adapter.safetensors` is complete. Raises TrainingError where it
        cannot be done. Is cancelled like any asyncio task: must then release what it holds.
        """

    async def generate(self, request: ImageRequest) -> bytes:
        """Return one image as the bytes of its file.

        Raises GenerationError where it cannot be made, EngineBusyError where it cannot be now.
        """

    async def close(self) -> None:
        """Let go of what is kept for later; nothing is asked any more."""
