"""A program of the operator's that describes a photo, where there is one (`CAPTION_COMMAND`).

It is called with the path of a photo as its last argument and prints one caption. It runs in a
process group of its own, with limits on time, memory and what it prints, and gets no key and no
password of the installation. Nothing is ever downloaded for it: libraries that would fetch a model
by themselves are told to stay offline.
"""

from __future__ import annotations

import os
import resource
import shlex
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from threading import Timer
from typing import IO

from django.conf import settings

from models_app.captions import clean_caption

_MOST_PRINTED = 16 * 1024  # bytes
_ENVIRONMENT = ("PATH", "HOME", "LANG", "TMPDIR")
_OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}


class CaptionProgramError(Exception):
    """There is no caption; the message is for the log."""


def is_offered() -> bool:
    """Whether a program is named that is there."""
    command = _command()
    return bool(command) and shutil.which(command[0]) is not None


def describe(photo: Path) -> str:
    """Return what the program prints about a photo, as a caption. Raises CaptionProgramError."""
    try:
        printed, code = _run([*_command(), str(photo)])
    except OSError as error:
        raise CaptionProgramError(f"it cannot be started: {error.strerror}") from error
    if len(printed) > _MOST_PRINTED:
        raise CaptionProgramError("it printed too much")
    if code < 0:
        raise CaptionProgramError(f"it was ended by {signal.Signals(-code).name}")
    if code:
        raise CaptionProgramError(f"it ended with {code}")
    caption = clean_caption(printed.decode(errors="replace"))
    if not caption:
        raise CaptionProgramError("it printed nothing")
    return caption


def _command() -> list[str]:
    return shlex.split(settings.CAPTION_COMMAND)


def _run(command: list[str]) -> tuple[bytes, int]:
    """Return what is printed, not much more than the most, and the exit code."""
    kept = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    with subprocess.Popen(
        command,
        env=kept | _OFFLINE,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # so that what it starts ends with it
    ) as process:
        timer = Timer(settings.CAPTION_SECONDS, _end, [process.pid])
        timer.start()
        try:
            _limit(process.pid)
            printed = _read(process.stdout)
            if len(printed) > _MOST_PRINTED:
                _end(process.pid)  # it would wait for somebody to read the rest
            return printed, process.wait()
        finally:
            timer.cancel()
            _end(process.pid)


def _read(source: IO[bytes] | None) -> bytes:
    return source.read(_MOST_PRINTED + 1) if source else b""


def _limit(pid: int) -> None:
    """Limit its memory, and the processor's time, which holds also where we are killed."""
    memory = settings.CAPTION_MEMORY_MB * 1024 * 1024
    seconds = int(settings.CAPTION_SECONDS + 1) * (os.cpu_count() or 1)
    with suppress(ProcessLookupError):  # it is over already
        resource.prlimit(pid, resource.RLIMIT_DATA, (memory, memory))
        resource.prlimit(pid, resource.RLIMIT_CPU, (seconds, seconds))


def _end(pid: int) -> None:
    """End the whole group; whoever is gone is gone."""
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
