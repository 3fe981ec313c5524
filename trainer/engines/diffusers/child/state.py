"""What a training needs to go on in another process: written aside, synced, then renamed."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from trainer.disk import STATE, sync_folder

_DIGEST_BYTES = 32
_PIECE_BYTES = 2**20


@dataclass
class State:
    """How far a training is. `digest` tells what it is the training of."""

    digest: str
    step: int
    lora: dict[str, torch.Tensor]
    mean: dict[str, torch.Tensor]
    optimiser: dict[str, Any]
    rate_factor: float  # of the learning rate: halved after losses that were no numbers


class UnfitStateError(Exception):
    """There is a state that cannot be gone on from. The message says why, for a person."""


def save(folder: Path, state: State) -> None:
    """Keep a state in place of the one before; when it returns, the disk has it. Raises OSError."""
    store(folder / STATE, vars(state))


def load(folder: Path, digest: str) -> State | None:
    """Return the kept state, None where there is none. Raises UnfitStateError."""
    path = folder / STATE
    if not path.exists():
        return None
    try:
        found = State(**stored(path))
    except (UnreadableError, TypeError):
        raise UnfitStateError("The state of before cannot be read") from None
    if found.digest != digest:
        raise UnfitStateError("Photos or settings are others than before")
    return found


class UnreadableError(Exception):
    """A file is not what was stored: cut off, or changed."""


def store(path: Path, values: dict[str, Any]) -> None:
    """Write values whole, and their digest behind them; on the disk when this returns. Raises
    OSError."""
    draft = path.with_name(f".{path.name}.part")
    with draft.open("w+b") as file:
        torch.save(values, file)
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").digest()
        file.seek(0, os.SEEK_END)
        file.write(digest)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    sync_folder(path.parent)


def stored(path: Path) -> dict[str, Any]:
    """Return what was stored. Raises UnreadableError."""
    try:
        _require_whole(path)
        found = torch.load(path, weights_only=True, map_location="cpu")
    except Exception as error:  # each part of the format has errors of its own
        raise UnreadableError from error
    if not isinstance(found, dict):
        raise UnreadableError
    return found


def _require_whole(path: Path) -> None:
    """Torch's own reader takes a file whose numbers have changed."""
    with path.open("rb") as file:
        left = path.stat().st_size - _DIGEST_BYTES
        digest = hashlib.sha256()
        while left > 0 and (data := file.read(min(left, _PIECE_BYTES))):
            digest.update(data)
            left -= len(data)
        if digest.digest() != file.read():
            raise UnreadableError
