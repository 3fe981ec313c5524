"""Files that survive a crash: whole or not there at all."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Container
from pathlib import Path

# In a run's folder: what an engine needs until the run is over. It holds what was made of the
# photos, and goes with them.
SCRATCH = "scratch"
STATE = "state.pt"  # in there: what a training goes on from


def write_bytes(path: Path, data: bytes) -> None:
    """Replace `path` in one move; when this returns the disk has it (milliseconds)."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with draft.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Wait until the names in this folder are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Shares such as SMB's know no such thing for folders (fsync(2), EINVAL).
        if error.errno not in {errno.EINVAL, errno.EBADF, errno.ENOTSUP}:
            raise
    finally:
        os.close(descriptor)


def remove_unknown(folder: Path, known: Container[str]) -> None:
    """Make `folder`, and remove what a crash left in it half made or half removed."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        if path.name not in known:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
