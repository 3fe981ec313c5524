"""What must survive a power cut, and what to call a disk that takes nothing more."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# SQLite's words where it needs room beside the database file: SQLITE_IOERR_WRITE, _SHMSIZE
# (sqlite.org/rescode.html).
_SQLITE_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE}
_POSTGRES_FULL = "53100"  # disk_full (postgresql.org/docs, appendix A)


def is_full(error: BaseException | None) -> bool:
    """Return whether this error, or one that led to it, is a disk or a quota that is full."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, OSError) and error.errno in _FULL:
            return True
        if getattr(error, "sqlite_errorcode", None) in _SQLITE_FULL:
            return True
        if getattr(error, "sqlstate", None) == _POSTGRES_FULL:
            return True
        error = error.__cause__ or error.__context__
    return False


def sync(path: Path) -> None:
    """Wait until the disk has what was written to a file, or the names in a folder.

    Raises OSError.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
