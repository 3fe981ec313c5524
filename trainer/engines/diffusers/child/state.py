"""What a training needs to go on in another process: written aside, synced, then renamed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

FILE = "state.pt"


@dataclass
class State:
    """How far a training is. `digest` tells what it is the training of."""

    digest: str
    step: int
    lora: dict[str, torch.Tensor]
    mean: dict[str, torch.Tensor]
    optimiser: dict[str, Any]
    rate_factor: float  # of the learning rate: halved after losses that were no numbers


def save(folder: Path, state: State) -> None:
    """Keep a state in place of the one before. Raises OSError."""
    draft = folder / f".{FILE}.part"
    with draft.open("wb") as file:
        torch.save(vars(state), file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / FILE)


def load(folder: Path, digest: str) -> State | None:
    """Return the kept state; None where there is none, or it is of another training."""
    try:
        found = State(**torch.load(folder / FILE, weights_only=True, map_location="cpu"))
    except FileNotFoundError:
        return None
    return found if found.digest == digest else None
