"""Runs one worker per photo, as many at a time as memory allows."""

from __future__ import annotations

import io
import logging
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO

from django.conf import settings

from models_app.crops import Box
from models_app.decoding.budget import Budget, BusyError
from models_app.decoding.task import Exit, NormalisedPhoto, Task
from models_app.formats import PhotoFormat
from models_app.limits import DECODING, LIMITS
from models_app.refusals import refused
from models_app.shapes.shape import NEAR, Shape

logger = logging.getLogger(__name__)

_ROOT = Path(__file__).resolve().parents[2]
# -E and -s: nothing of the environment or of a person's own packages changes what runs.
_COMMAND = [sys.executable, "-E", "-s", "-m", "models_app.decoding.worker"]
_BUDGET = Budget(DECODING.memory, DECODING.at_once)
_REASONS: Mapping[int, str] = {
    Exit.DAMAGED: "damaged",
    Exit.OUT_OF_MEMORY: "too_much_memory",
    Exit.TOO_MANY_SCANS: "too_many_scans",
}
_OUT_OF_TIME = {signal.SIGPROF, signal.SIGALRM}


def decode(
    source: IO[bytes],
    photo_format: PhotoFormat,
    shape: Shape,
    *,
    only_thumbnail: bool = False,
    crop: Box | None = None,
) -> NormalisedPhoto:
    """Return the photo in `source`, or `crop` of it, opened in a process of its own.

    With `only_thumbnail` there is no other data in it. Waits for its turn. Raises
    PhotoRefusedError, whatever happens to that process.
    """
    task = _task(photo_format, shape)
    if only_thumbnail:
        side = LIMITS.thumbnail_side
        task = replace(task, stored_as="", stored_side=side, near_side=2 * side)
    if crop:
        task = replace(task, crop=crop.edges)
    try:
        with _BUDGET.reserved(shape.memory, wait_seconds=DECODING.wait_seconds):
            code, answer, words = _run(task, source)
    except BusyError as error:
        raise refused("busy") from error
    if code == Exit.DONE:
        try:
            return NormalisedPhoto.loads(answer)
        except ValueError:
            words = "an answer that makes no sense"
    logger.info("A photo was not opened: exit code %s, %s", code, words or "no message")
    raise refused(_reason(code))


def _task(photo_format: PhotoFormat, shape: Shape) -> Task:
    return Task(
        decoder=photo_format.decoder,
        stored_as=photo_format.stored_as,
        pixels=shape.width * shape.height,
        max_scans=shape.max_scans,
        scan_at=shape.scan_at,
        near_side=NEAR,
        stored_side=LIMITS.stored_side,
        thumbnail_side=LIMITS.thumbnail_side,
        memory=shape.memory + DECODING.spare_memory,
        processor_seconds=settings.PHOTO_SECONDS * shape.effort,
        clock_seconds=DECODING.clock_seconds * min(shape.effort, DECODING.most_patience),
    )


def _run(task: Task, source: IO[bytes]) -> tuple[int, bytes, str]:
    """Return a worker's exit code (negative for a signal), its answer and its last words."""
    stdin, sent = _input(source)
    with subprocess.Popen(
        [*_COMMAND, task.dumps()],
        cwd=_ROOT,
        env={},  # keys and passwords of the installation stay here
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            answer, words = process.communicate(sent, task.clock_seconds + 5)
        except subprocess.TimeoutExpired:
            process.kill()  # its own clock should have ended it
            return -signal.SIGALRM, b"", "it did not end"
    return process.returncode, answer, words.decode(errors="replace").strip()[-200:]


def _input(source: IO[bytes]) -> tuple[IO[bytes] | int, bytes | None]:
    """Return what a worker reads: a file as it is on the disk, else bytes to send."""
    source.seek(0)
    try:
        source.fileno()
    except (AttributeError, io.UnsupportedOperation):
        return subprocess.PIPE, source.read()
    return source, None


def _reason(code: int) -> str:
    if -code in _OUT_OF_TIME:
        return "too_slow"
    return _REASONS.get(code, "not_opened")
