"""What can be asked of this service, whatever its engine; which base models there are is the
engine's to say."""

from __future__ import annotations

from dataclasses import dataclass

MAX_EPOCHS = 1_000
MAX_CHECKPOINTS = 10
MAX_BATCH = 8
MAX_RANK = 128
DEFAULT_RANK = 16
MIN_LEARNING_RATE = 1e-8
MAX_LEARNING_RATE = 0.01


@dataclass(frozen=True, slots=True)
class BaseModel:
    """A base model that is offered; `family` says which LoRAs fit."""

    name: str
    family: str
