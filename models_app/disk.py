"""What must survive a power cut, and what to call a disk that takes nothing more."""

from __future__ import annotations

import errno
import os
from pathlib import Path

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# SQLITE_FULL, and where it needs room beside the database file, SQLITE_IOERR_WRITE and _SHMSIZE
# (sqlite.org/rescode.html). As numbers: whoever imports SQLite fixes its temporary folder, and the
# settings, which name that folder, need this module first.
SQLITE_FULL = {13, 778, 4874}
_POSTGRES_FULL = "53100"  # disk_full (postgresql.org/docs, appendix A)


def is_full(error: BaseException | None) -> bool:
    """Return whether this error, or one that led to it, is a disk or a quota that is full."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, OSError) and error.errno in _FULL:
            return True
        if getattr(error, "sqlite_errorcode", None) in SQLITE_FULL:
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
