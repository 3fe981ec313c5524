"""Who works on this installation's data: services share a lock, a restore has it alone.

A lock ends with the process that holds it, however it was started and however it ends.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

_held: list[int] = []  # the lock is an open file, which ends with the process


class InUseError(Exception):
    """Somebody else works on the data. The message says who."""


def hold() -> None:
    """Share the data for the rest of this process's life.

    Raises InUseError while a backup is being restored, OSError where the folder is closed to us.
    """
    if not _held:
        message = "A backup is being restored. Start this afterwards."
        _held.append(_locked("in-use.lock", fcntl.LOCK_SH, message))


@contextmanager
def alone() -> Iterator[None]:
    """Have the data to ourselves. Raises InUseError while a service runs."""
    message = "TheWay is running. Stop all of its services first."
    with _closed_after(_locked("in-use.lock", fcntl.LOCK_EX, message)):
        yield


@contextmanager
def only_backup() -> Iterator[None]:
    """Write the one backup that is being written. Raises InUseError."""
    message = "Another backup is being written."
    with _closed_after(_locked("backup.lock", fcntl.LOCK_EX, message)):
        yield


@contextmanager
def _closed_after(descriptor: int) -> Iterator[None]:
    try:
        yield
    finally:
        os.close(descriptor)


def _locked(name: str, operation: int, message: str) -> int:
    """Return the descriptor that has the lock. Raises InUseError."""
    settings.VAR_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(settings.VAR_DIR / name, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise InUseError(message) from None
    return descriptor
