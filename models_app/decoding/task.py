"""What a worker is told, and what it answers."""

from __future__ import annotations

import json
import signal
from dataclasses import asdict, dataclass
from enum import IntEnum
from typing import Any

# A task always has this length, so that where one ends is never in doubt.
MESSAGE_BYTES = 1024
# How a worker ends whose own clock should have ended it.
LATE = -int(signal.SIGALRM)


class Exit(IntEnum):
    """The exit codes of a worker. Python's own for an unhandled error is 1."""

    DONE = 0
    DAMAGED = 3
    OUT_OF_MEMORY = 4
    TOO_MANY_SCANS = 5


@dataclass(frozen=True, slots=True)
class Task:
    """One photo to open: Pillow's name of its format, sides, and what it may take.

    `stored_as` is the format of the answer; where it is empty only a thumbnail is wanted.

    `near_side` is what a large photo may be reduced to by a fast method before it is resampled.
    A JPEG in passes may have `max_scans`, from `scan_at` on. `crop` are the left, upper, right and
    lower edge of what is wanted of a photo that is upright and of its stored size.
    """

    decoder: str
    stored_as: str
    pixels: int
    max_scans: int
    scan_at: int
    near_side: int
    stored_side: int
    thumbnail_side: int
    memory: int
    processor_seconds: float
    clock_seconds: float
    crop: tuple[int, int, int, int] | None = None

    def dumps(self) -> bytes:
        return json.dumps(asdict(self)).encode().ljust(MESSAGE_BYTES)

    @classmethod
    def loads(cls, message: bytes) -> Task:
        return cls(**json.loads(message))


@dataclass(frozen=True, slots=True)
class Ended:
    """How a worker ended: its exit code (negative for a signal), its last words, and what it took,
    in seconds of the processor and bytes of memory."""

    code: int
    words: str = ""
    processor_seconds: float = 0.0
    memory: int = 0

    def dumps(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def loads(cls, message: bytes) -> Ended:
        return cls(**json.loads(message))


@dataclass(frozen=True, slots=True)
class NormalisedPhoto:
    """A photo ready to be stored: encoded bytes, `extension` without the dot, pixels.

    `changes` are what was done to it (`models_app.changes`), `measures` what was measured
    (`models_app.coach.measuring`).
    """

    data: bytes
    extension: str
    width: int
    height: int
    thumbnail: bytes
    changes: tuple[str, ...] = ()
    measures: dict[str, Any] | None = None

    def dumps(self) -> bytes:
        """Return a line that describes the photo, followed by its bytes and the thumbnail's."""
        sizes = len(self.data), len(self.thumbnail)
        line = [self.extension, self.width, self.height, *sizes, self.changes, self.measures]
        return json.dumps(line).encode() + b"\n" + self.data + self.thumbnail

    @classmethod
    def loads(cls, answer: bytes) -> NormalisedPhoto:
        """Return the photo in a worker's answer. Raises ValueError if it is anything else."""
        line, _, rest = answer.partition(b"\n")
        extension, width, height, size, thumbnail_size, changes, measures = json.loads(line)
        if extension not in {"jpg", "png"} or size + thumbnail_size != len(rest):
            raise ValueError("This is no worker's answer")
        sides = int(width), int(height)
        words = tuple(map(str, changes))
        return cls(rest[:size], extension, *sides, rest[size:], words, measures)
