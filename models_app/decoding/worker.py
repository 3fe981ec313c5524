"""Opens one photo, in a process that exists for nothing else (`forkserver.py`).

It takes its own rights away before it reads the first byte; the kernel ends it when it takes more
than its task allows. The exit code says why there is no answer.
"""

from __future__ import annotations

import os
import resource
import signal
import warnings
from typing import IO

# All that is needed is loaded before the limits: a library could not be loaded any more.
from PIL import Image

from models_app.decoding.own_memory import private_memory
from models_app.decoding.pixels import normalise
from models_app.decoding.scans import TooManyScansError, check_scans
from models_app.decoding.task import Exit, Task

_NICENESS = 10


def main(task: Task) -> Exit:
    """Open the photo on the standard input and write it, normalised, to the standard output."""
    _limit(task)
    try:
        source = _photo()
        if task.scan_at:
            check_scans(source, task.scan_at, task.max_scans - 1)
        answer = normalise(source, task).dumps()
        _write(answer)
    except MemoryError:
        return Exit.OUT_OF_MEMORY
    except TooManyScansError:
        return Exit.TOO_MANY_SCANS
    except Exception as error:
        # Decoders raise more than they document: struct.error, SyntaxError, KeyError…
        os.write(2, f"{type(error).__name__}\n".encode())
        return Exit.DAMAGED
    return Exit.DONE


def _write(answer: bytes) -> None:
    left = memoryview(answer)
    while left:
        left = left[os.write(1, left) :]


def _photo() -> IO[bytes]:
    """Return the photo as a file at its start."""
    photo = os.fdopen(0, "rb", closefd=False)
    photo.seek(0)
    return photo


def _limit(task: Task) -> None:
    """Bound memory and time, and let pages go first. None of it can be undone from here."""
    Image.MAX_IMAGE_PIXELS = task.pixels
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    os.nice(_NICENESS)
    # No files, no core dumps, and of private memory what the task may take (setrlimit(2)).
    memory = private_memory() + task.memory
    for kind, limit in (
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_DATA, memory),
    ):
        resource.setrlimit(kind, (limit, limit))
    # Both signals end a process that does not handle them, also in the middle of C code.
    signal.setitimer(signal.ITIMER_PROF, task.processor_seconds)
    signal.setitimer(signal.ITIMER_REAL, task.clock_seconds)
