"""The bytes of files that arrive in parts: one file each, in a folder of their model's.

They are on the disk of the web processes, never in a bucket: a bucket's files cannot grow. The
file's length is the offset: there is no second record of it that could say something else.
"""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Protocol
from uuid import UUID

from django.conf import settings

from models_app.disk import is_full
from models_app.limits import PARTIAL

logger = logging.getLogger(__name__)

_BLOCK = 256 * 1024


class OffsetError(Exception):
    """A part begins elsewhere than where the file ends; `offset` is where that is."""

    def __init__(self, offset: int) -> None:
        super().__init__(f"the file ends at {offset}")
        self.offset = offset


class TooLongError(Exception):
    """A part goes beyond the length that was announced. Nothing of it was kept."""


class Source(Protocol):
    """What a part is read from."""

    def read(self, size: int, /) -> bytes: ...


def path_of(model_id: UUID, upload_id: UUID) -> Path:
    """Return where the bytes of an upload are."""
    return Path(settings.PARTIAL_DIR) / str(model_id) / str(upload_id)


def received(path: Path) -> int:
    """Return how many bytes have arrived."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def append(path: Path, source: Source, *, offset: int, length: int) -> int:
    """Write a part at the end of the file and return where it ends now.

    Two that send the same part take turns, and the second is told where the file ends. Raises
    OffsetError, TooLongError, and OSError where the disk is full; what fitted is kept then.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    with path.open("r+b", buffering=0) as target:
        fcntl.flock(target, fcntl.LOCK_EX)  # until it is closed
        end = target.seek(0, os.SEEK_END)
        if end != offset:
            raise OffsetError(end)
        try:
            return _copied(source, target, end, length)
        except TooLongError:
            target.truncate(end)
            raise


def _copied(source: Source, target: IO[bytes], end: int, length: int) -> int:
    while block := source.read(_BLOCK):
        if end + len(block) > length:
            raise TooLongError
        view = memoryview(block)
        while view:
            view = view[target.write(view) :]
        end += len(block)
    return end


def has_room(size: int) -> bool:
    """Return whether the disk takes a file of `size` bytes and leaves some for everything else."""
    folder = Path(settings.PARTIAL_DIR)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return shutil.disk_usage(folder).free >= size + PARTIAL.spare_bytes


def remove(path: Path) -> None:
    """Delete the bytes of an upload, and its folder once that is empty."""
    path.unlink(missing_ok=True)
    try:
        path.parent.rmdir()
    except OSError as error:
        if is_full(error):
            raise
        # Others of the model are still arriving.


def remove_all(model_id: UUID) -> None:
    """Delete whatever has arrived for a model. What fails is found by the sweep."""
    shutil.rmtree(Path(settings.PARTIAL_DIR) / str(model_id), ignore_errors=True)


def all_files() -> Iterator[tuple[Path, str]]:
    """Yield every file there is, and the id of the upload that its name says."""
    for path in Path(settings.PARTIAL_DIR).glob("*/*"):
        yield path, path.name
