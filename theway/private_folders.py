"""The installation's folders and files, for its own account only."""

from __future__ import annotations

import os
import pwd
import tempfile
from pathlib import Path

from environment.errors import SettingError

FOLDER, FILE = 0o700, 0o600


def close_installation(data: Path, *folders: Path) -> None:
    """Make the folders of an installation, for its own account only. Raise SettingError."""
    try:
        _refuse_as_stranger(data)
        for folder in folders:
            close_folder(folder)
    except OSError as error:
        reason = f"{error.strerror}."
        raise SettingError(f"The folder of THEWAY_DATA_DIR is of no use: {reason}") from None


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


def _refuse_as_stranger(path: Path) -> None:
    """Raise SettingError where root would make files in a folder of another account's.

    The services, which run as that account, could not open them afterwards. Where a file of root's
    becomes the other's, as in many shares, nothing is wrong.
    """
    if os.geteuid() or not path.is_dir():
        return
    owner = (path / "var" if (path / "var").is_dir() else path).stat().st_uid
    if owner and _owner_of_new_file(path) != owner:
        raise SettingError(
            f"The data in {path} belong to {_name_of(owner)}, and could not be used by that "
            f"account after root has written to them. Run this as: sudo -u {_name_of(owner)} …"
        )


def _owner_of_new_file(folder: Path) -> int:
    with tempfile.TemporaryFile(dir=folder) as file:
        return os.fstat(file.fileno()).st_uid


def _name_of(account: int) -> str:
    try:
        return pwd.getpwuid(account).pw_name
    except KeyError:
        return f"'#{account}'"  # as sudo takes it
