"""What must survive a power cut, and what to call a disk that takes nothing more."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

from models_app.storage_errors import StorageAwayError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# SQLITE_FULL, and where it needs room beside the database file, SQLITE_IOERR_WRITE and _SHMSIZE
# (sqlite.org/rescode.html). As numbers: whoever imports SQLite fixes its temporary folder, and the
# settings, which name that folder, need this module first.
SQLITE_FULL = {13, 778, 4874}
_POSTGRES_FULL = "53100"  # disk_full (postgresql.org/docs, appendix A)


_SQLITE_READONLY = 8  # the last byte of it and its kinds
_POSTGRES_READONLY = "25006"  # read_only_sql_transaction
_NOT_FOR_FOLDERS = {errno.EINVAL, errno.EBADF, errno.ENOTSUP}


def is_full(error: BaseException | None) -> bool:
    """Return whether this error, or one that led to it, is a disk or a quota that is full."""
    return any(map(_says_full, _with_causes(error)))


def is_read_only(error: BaseException | None) -> bool:
    """Return whether this error, or one that led to it, is a disk or database to be read only.

    A disk with damage is made so by the system (mount(8), `errors=remount-ro`), a share that was
    mounted so, a database that became a replica.
    """
    return any(map(_says_read_only, _with_causes(error)))


def is_away(error: BaseException | None) -> bool:
    """Return whether this error, or one that led to it, is a storage that does not answer, or
    refuses this installation: what waits can go on later."""
    return any(isinstance(one, StorageAwayError) for one in _with_causes(error))


def _says_full(error: BaseException) -> bool:
    if isinstance(error, OSError) and error.errno in _FULL:
        return True
    if getattr(error, "sqlite_errorcode", None) in SQLITE_FULL:
        return True
    return getattr(error, "sqlstate", None) == _POSTGRES_FULL


def _says_read_only(error: BaseException) -> bool:
    if isinstance(error, OSError) and error.errno == errno.EROFS:
        return True
    if getattr(error, "sqlite_errorcode", 0) & 0xFF == _SQLITE_READONLY:
        return True
    return getattr(error, "sqlstate", None) == _POSTGRES_READONLY


def _with_causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def sync(path: Path) -> None:
    """Wait until the disk has what was written to a file, or the names in a folder.

    Raises OSError.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Shares such as SMB's know no such thing for folders (fsync(2), EINVAL).
        if error.errno not in _NOT_FOR_FOLDERS or not path.is_dir():
            raise
    finally:
        os.close(descriptor)
