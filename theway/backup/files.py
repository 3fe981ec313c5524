"""The installation's files as they are at one moment, while they come and go."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from jobs.engine import journal
from theway.backup.manifest import JOURNAL, MEDIA


@dataclass(frozen=True, slots=True)
class Stored:
    """A file, and how to see that it was written to since."""

    path: Path
    size: int
    changed: int


def stored_files() -> dict[str, Stored]:
    """Return every file of people, and every answer that waits for the database, by its name in
    a backup."""
    found = {}
    for name, path in _paths():
        try:
            stat = path.stat()
        except FileNotFoundError:
            continue  # deleted meanwhile
        found[name] = Stored(path, stat.st_size, stat.st_mtime_ns)
    return found


def _paths() -> Iterator[tuple[str, Path]]:
    root = Path(settings.MEDIA_ROOT)
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder, name)
            # Links may lead anywhere, and hidden files are not of our making.
            if not path.is_symlink() and not name.startswith("."):
                yield f"{MEDIA}/{path.relative_to(root).as_posix()}", path
    for path in journal.kept_files():
        yield f"{JOURNAL}/{path.name}", path
