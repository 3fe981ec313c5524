"""A small disk of its own, in a file: it can be full, and a power cut takes what was not synced.

Needs Linux, root, and the right to use loop devices. Where that is missing, the accidents that
need it are left out.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

SIZE = 1536 * 1024**2  # bytes, taken as they are written
BLOCK = 1024**2
PATIENCE = 10.0  # seconds until the last user of a dead disk has let go
# linux/fs/ext4: EXT4_IOC_SHUTDOWN, and "do not flush the journal first".
_SHUTDOWN, _WITHOUT_FLUSH = 0x8004587D, 2


class Disk:
    """An ext4 file system in `image`, at `path` while it is mounted."""

    def __init__(self, image: Path, path: Path) -> None:
        self.image, self.path = image, path
        with image.open("wb") as file:
            file.truncate(SIZE)
        # No share for root only, who would not notice that it is full.
        _run("mkfs.ext4", "-q", "-F", "-m", "0", str(image))
        path.mkdir()
        self.mount()

    def mount(self) -> None:
        """Mount it, with the file system's own recovery where it was cut off."""
        _run("mount", "-o", "loop", str(self.image), str(self.path))

    def unmount(self) -> None:
        """Unmount it as soon as nobody uses it. Raise CalledProcessError after PATIENCE."""
        deadline = time.monotonic() + PATIENCE
        while True:
            with contextlib.suppress(subprocess.CalledProcessError):
                _run("umount", str(self.path))
                return
            if time.monotonic() > deadline:
                _run("umount", str(self.path))
            time.sleep(0.1)

    def cut_power(self) -> None:
        """Nothing reaches the disk from now on, and what it was not told to keep is gone."""
        folder = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.ioctl(folder, _SHUTDOWN, struct.pack("I", _WITHOUT_FLUSH))
        finally:
            os.close(folder)

    def fill(self) -> bool:
        """Leave no free byte; return whether there was one."""
        with (self.path / "filling").open("ab") as file, contextlib.suppress(OSError):
            while True:
                os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, BLOCK)
        return (self.path / "filling").stat().st_size > 0

    def empty(self) -> None:
        """End `fill`."""
        (self.path / "filling").unlink(missing_ok=True)


def is_possible() -> bool:
    """Whether this machine lets us have such a disk."""
    if os.geteuid() != 0 or not all(map(shutil.which, ("mkfs.ext4", "mount", "umount"))):
        return False
    with tempfile.TemporaryDirectory(prefix="theway-disk-") as folder:
        try:
            with mounted(Path(folder)):
                return True
        except (OSError, subprocess.CalledProcessError):
            return False


@contextlib.contextmanager
def mounted(folder: Path) -> Iterator[Disk]:
    """A disk at `folder`/disk until the block ends."""
    disk = Disk(folder / "disk.img", folder / "disk")
    try:
        yield disk
    finally:
        # Whoever still uses it has been killed, or is a test that failed.
        subprocess.run(["umount", "-l", str(disk.path)], capture_output=True, check=False)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
