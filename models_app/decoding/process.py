"""Has each photo opened by a worker, as many at a time as memory allows."""

from __future__ import annotations

import logging
import signal
from collections.abc import Mapping
from dataclasses import replace
from typing import IO

from django.conf import settings

from models_app.crops import Box
from models_app.decoding.budget import Budget, BusyError
from models_app.decoding.task import Exit, NormalisedPhoto, Task
from models_app.decoding.workers import Workers
from models_app.formats import PhotoFormat
from models_app.limits import DECODING, LIMITS
from models_app.refusals import refused
from models_app.shapes.shape import NEAR, Shape

logger = logging.getLogger(__name__)

_WORKERS = Workers()
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
            answer, ended = _WORKERS.run(task, source)
    except BusyError as error:
        raise refused("busy") from error
    words = ended.words
    if ended.code == Exit.DONE:
        try:
            return NormalisedPhoto.loads(answer)
        except ValueError:
            words = "an answer that makes no sense"
    logger.info("A photo was not opened: exit code %s, %s", ended.code, words or "no message")
    raise refused(_reason(ended.code))


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


def _reason(code: int) -> str:
    if -code in _OUT_OF_TIME:
        return "too_slow"
    return _REASONS.get(code, "not_opened")
