"""What a storage that is no disk can fail with, as errors of a file system."""

from __future__ import annotations

import errno


class StorageAwayError(OSError):
    """The storage does not answer, or refuses this installation. Nothing is lost by waiting.

    The text says what it was, for operators; it holds no key.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(errno.EHOSTUNREACH, f"The file storage cannot be used: {reason}")


class StorageFullError(OSError):
    """The storage, or what this installation may use of it, is full."""

    def __init__(self, reason: str) -> None:
        super().__init__(errno.ENOSPC, f"The file storage is full: {reason}")
