"""The program that opens one photo: `python -m models_app.decoding.worker TASK < photo > answer`.

It takes its own rights away before it reads the first byte; the kernel ends it when it takes more
than its task allows. The exit code says why there is no answer.
"""

from __future__ import annotations

import io
import os
import resource
import signal
import sys
import warnings
from typing import IO

# All that is needed is loaded before the limits: a library could not be loaded any more.
from PIL import Image

from models_app.coach import faces
from models_app.decoding import banded
from models_app.decoding.metadata import install
from models_app.decoding.own_memory import private_memory
from models_app.decoding.pixels import normalise
from models_app.decoding.scans import TooManyScansError, check_scans
from models_app.decoding.task import Exit, Task

_NICENESS = 10


def main() -> Exit:
    """Open the photo on the standard input and write it, normalised, to the standard output."""
    task = Task.loads(sys.argv[1])
    source = _photo()
    install()
    banded.load(task.decoder)
    if task.stored_as:
        faces.load()
    _limit(task)
    try:
        if task.scan_at:
            check_scans(source, task.scan_at, task.max_scans - 1)
        answer = normalise(source, task).dumps()
    except MemoryError:
        return Exit.OUT_OF_MEMORY
    except TooManyScansError:
        return Exit.TOO_MANY_SCANS
    except Exception as error:
        # Decoders raise more than they document: struct.error, SyntaxError, KeyError…
        sys.stderr.write(f"{type(error).__name__}\n")
        return Exit.DAMAGED
    sys.stdout.buffer.write(answer)
    sys.stdout.buffer.flush()
    return Exit.DONE


def _photo() -> IO[bytes]:
    """Return the photo as a seekable file at its start."""
    photo = sys.stdin.buffer
    if not photo.seekable():
        return io.BytesIO(photo.read())
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


if __name__ == "__main__":
    # Nothing is left to tidy up, and freeing a picture piece by piece takes time.
    os._exit(main())
