"""The installation's folders and files, for its own account only."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from environment.errors import SettingError

FOLDER, FILE = 0o700, 0o600


def close_folder(path: Path) -> None:
    """Make the folder, or take it away from every other account of the machine.

    One that belongs to somebody else, such as a shared mount, is left as it is.
    """
    path.mkdir(mode=FOLDER, parents=True, exist_ok=True)
    _close(path, FOLDER)


def keep_temporary_files_in(path: Path) -> None:
    """Make `path` the temporary folder of this process, its libraries and all it starts.

    Photos, weights and bodies of requests pass through it, and SQLite's larger sorts; the machine's
    own folder is shared with every other account, and often with little room.
    """
    close_folder(path)
    tempfile.tempdir = os.environ["TMPDIR"] = str(path)


def close_database(path: Path) -> None:
    """Take an SQLite file and those beside it away from other accounts.

    Raise SettingError where SQLite could not make it: its names have 512 bytes at most
    (MAX_PATHNAME in its os_unix.c), and it makes no folders.
    """
    if len(os.fsencode(path)) > 512 - len("-journal") - 1:
        raise SettingError(
            "The folder of the database has too long a name for SQLite, which takes 512 bytes: "
            "choose another THEWAY_DATA_DIR or DATABASE_URL."
        )
    if not path.parent.is_dir():
        raise SettingError("DATABASE_URL names a file in a folder that does not exist.")
    for suffix in ("", "-wal", "-shm"):
        close_file(path.with_name(f"{path.name}{suffix}"))


def close_file(path: Path) -> None:
    """Take a file, if it is there, away from every other account of the machine."""
    if path.is_file():
        _close(path, FILE)


def _close(path: Path, mode: int) -> None:
    found = path.stat()
    if found.st_uid == os.geteuid() and found.st_mode & 0o077:
        path.chmod(mode)
