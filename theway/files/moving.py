"""Brings all files from the disk to the bucket, or back. Whatever happens, each file is whole in
one of the two: nothing is deleted before its copy was read back and compared.

What is verified is written down in `var/moved-files.jsonl`, one line for each file, so that a move
that was cut off goes on where it was.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.files.base import File

from models_app.stored_files import Stored
from theway.files.named import named_files

log = logging.getLogger(__name__)

BLOCK_BYTES = 1024 * 1024
NOTES = "moved-files.jsonl"
# Told how many bytes were copied or found copied since it was last called.
Progress = Callable[[int], None]


class MoveError(Exception):
    """A file did not arrive as it was sent. The message names it."""


@dataclass(frozen=True, slots=True)
class Verified:
    """A file that was read on both sides and is the same there. `to` is where it was copied."""

    to: str
    name: str
    size: int
    changed: float  # when the original had last been written
    sha256: str


@dataclass(slots=True)
class Outcome:
    """What a move has done: numbers of files, and the names of those that need somebody."""

    copied: int = 0
    were_there: int = 0
    vanished: int = 0
    deleted: int = 0
    kept: tuple[str, ...] = ()


class Move:
    """One move from `source` to `target`, two storages of ours."""

    def __init__(self, source: Any, target: Any, *, to: str, notes: Path | None = None) -> None:
        self._source, self._target, self._to = source, target, to
        self._notes = notes or settings.VAR_DIR / NOTES
        self._verified = {one.name: one for one in _read(self._notes) if one.to == to}

    def total(self) -> int:
        """Return how many bytes the source has."""
        return sum(one.size for one in self._source.stored())

    def copy_all(self, progress: Progress) -> Outcome:
        """Copy and verify what is not there yet. Raises MoveError and errors of the storages."""
        outcome = Outcome()
        there = {one.name: one.size for one in self._target.stored()}
        with _appended(self._notes) as notes:
            for stored in self._source.stored():
                if self._is_verified(stored) and there.get(stored.name) == stored.size:
                    outcome.were_there += 1
                else:
                    self._bring(stored, stored.name in there, notes, outcome)
                progress(stored.size)
        return outcome

    def delete_originals(self) -> Outcome:
        """Delete in the source what is verified in the target, or was deleted there since. What the
        target has lost although a row names it is kept, and so is what was never verified."""
        outcome, kept = Outcome(), []
        there = {one.name: one.size for one in self._target.stored()}
        named = named_files()
        for stored in self._source.stored():
            is_there = there.get(stored.name) == stored.size
            if self._is_verified(stored) and (is_there or stored.name not in named):
                self._source.delete(stored.name)
                outcome.deleted += 1
            else:
                kept.append(stored.name)
        outcome.kept = tuple(kept)
        return outcome

    def _is_verified(self, stored: Stored) -> bool:
        note = self._verified.get(stored.name)
        return note is not None and (note.size, note.changed) == (stored.size, stored.changed)

    def _bring(self, stored: Stored, is_there: bool, notes: IO[str], outcome: Outcome) -> None:
        try:
            digest = _digest_of(self._source, stored.name)
        except FileNotFoundError:
            outcome.vanished += 1  # deleted meanwhile
            return
        if is_there and _digest_of(self._target, stored.name) == digest:
            outcome.were_there += 1
        else:
            self._copy(stored.name, digest, is_there=is_there)
            outcome.copied += 1
        note = Verified(self._to, stored.name, stored.size, stored.changed, digest)
        self._verified[stored.name] = note
        notes.write(json.dumps(asdict(note)) + "\n")
        notes.flush()

    def _copy(self, name: str, digest: str, *, is_there: bool) -> None:
        """Copy a file over half of one, and read it back. Raises MoveError."""
        if is_there:
            self._target.delete(name)
        with self._source.open(name) as original:
            saved = self._target.save(name, File(original))
        if saved != name:
            self._target.delete(saved)
            raise MoveError(f"{name} was written by somebody else at the same time. Run it again.")
        if _digest_of(self._target, name) != digest:
            self._target.delete(name)
            raise MoveError(f"{name} did not arrive as it is here. Run it again.")


def forget(notes: Path | None = None) -> None:
    """Delete the notes: after a move whose originals are gone they are of no use."""
    (notes or settings.VAR_DIR / NOTES).unlink(missing_ok=True)


def _digest_of(storage: Any, name: str) -> str:
    digest = hashlib.sha256()
    with storage.open(name) as file:
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def _read(notes: Path) -> Iterator[Verified]:
    """Yield what is noted; the last line of a process that was killed may be half a line."""
    if not notes.exists():
        return
    for line in notes.read_text().splitlines():
        try:
            yield Verified(**json.loads(line))
        except (ValueError, TypeError):
            continue


def _appended(notes: Path) -> IO[str]:
    descriptor = os.open(notes, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    file = os.fdopen(descriptor, "a")
    file.write("\n")  # after half a line
    return file
