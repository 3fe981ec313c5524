"""Receiving trained weights: streamed to disk, checked, stored under our own name."""

from __future__ import annotations

import hashlib
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from django.core.files import File
from django.core.files.storage import default_storage
from django.utils.translation import gettext

from jobs.work import InvalidResultError
from models_app.stored_files import is_whole
from providers.types import Download
from training import weights_archive
from training.weights_file import check_weights

REPORT_EVERY = 1.0  # seconds


@dataclass(frozen=True, slots=True)
class StoredWeights:
    name: str  # in the storage
    sha256: str
    size: int  # bytes


def receive(
    download: Download, *, model_id: uuid.UUID, report: Callable[[str], None]
) -> StoredWeights:
    """Stream `download` to the storage and return what was stored.

    Repeatable: the name holds the content's hash. Weights may come in a tar or ZIP. Raises
    InvalidResultError for a file that is cut short or not safetensors, OSError where the disk is
    full.
    """
    with tempfile.NamedTemporaryFile() as file:
        sha256, size = _copy(download, file, report)
        if download.size is not None and size != download.size:
            raise InvalidResultError("bad_weights", f"{size} of {download.size} bytes arrived")
        with _unpacked(file) as weights:
            if weights is not file:
                sha256, size = _measured(weights)
            weights.flush()
            check_weights(weights.name)
            name = f"weights/{model_id}/{sha256}.safetensors"
            _store(name, weights, size)
    return StoredWeights(name, sha256, size)


@contextmanager
def _unpacked(file: IO[bytes]) -> Iterator[IO[bytes]]:
    """Yield the weights themselves: the file as it came, or the one in it."""
    if not weights_archive.is_archive(file):
        yield file
        return
    with tempfile.NamedTemporaryFile() as weights:
        weights_archive.extract(file, weights)
        yield weights


def _measured(file: IO[bytes]) -> tuple[str, int]:
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256")  # type: ignore[arg-type]  # any readable file
    return digest.hexdigest(), file.tell()


def _copy(download: Download, file: IO[bytes], report: Callable[[str], None]) -> tuple[str, int]:
    digest, size, reported_at = hashlib.sha256(), 0, time.monotonic()
    for chunk in download.chunks:
        file.write(chunk)
        digest.update(chunk)
        size += len(chunk)
        if time.monotonic() - reported_at > REPORT_EVERY:
            reported_at = time.monotonic()
            report(_progress_text(size, download.size))
    return digest.hexdigest(), size


def _progress_text(size: int, total: int | None) -> str:
    if total:
        return gettext("Downloading the weights, %d %%") % (100 * size // total)
    return gettext("Downloading the weights, %d MB") % (size // 1_000_000)


def _store(name: str, file: IO[bytes], size: int) -> None:
    if is_whole(name, size):
        return
    default_storage.delete(name)  # half a file of a crashed attempt
    file.seek(0)
    try:
        stored = default_storage.save(name, File(file))
    except OSError:
        if not is_whole(name, size):  # whole: stored by another worker that took over
            default_storage.delete(name)
        raise
    if stored != name:
        default_storage.delete(stored)
        if not is_whole(name, size):
            raise InvalidResultError(
                "internal", "another attempt stored the weights at the same time"
            )
