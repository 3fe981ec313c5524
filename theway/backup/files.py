"""The installation's files as they are at one moment, while they come and go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from jobs.engine import journal
from models_app.synced_storage import SyncedStorage
from theway.backup.manifest import JOURNAL, MEDIA
from theway.files import named


@dataclass(frozen=True, slots=True)
class Stored:
    """A file, and how to see that it was written to since."""

    path: Path
    size: int
    changed: int


def stored_files() -> dict[str, Stored]:
    """Return every file of people, and every answer that waits for the database, by its name in
    a backup."""
    found: dict[str, Stored] = {}
    for name, path in _paths():
        try:
            stat = path.stat()
        except FileNotFoundError:
            continue  # deleted meanwhile
        found[name] = Stored(path, stat.st_size, stat.st_mtime_ns)
    return found


def is_in_bucket() -> bool:
    """Return whether people's files are in a bucket: then a backup has none of them."""
    return bool(settings.STORAGES["default"] == settings.STORAGES.get("bucket"))


def named_files() -> set[str]:
    """Return the files that rows name, by their names in a backup. None of those in a bucket."""
    return set() if is_in_bucket() else {f"{MEDIA}/{name}" for name in named.named_files()}


def still_missing(names: Iterable[str]) -> list[str]:
    """Return those of the names that rows still have although no file is there."""
    named = named_files()
    return sorted(name for name in names if name in named)


def is_elsewhere(path: Path) -> bool:
    """Return whether it is a folder on another disk: linked, or mounted."""
    return path.is_dir() and (path.is_symlink() or path.is_mount())


def _paths() -> Iterator[tuple[str, Path]]:
    if not is_in_bucket():
        for stored, path in SyncedStorage(location=settings.MEDIA_ROOT).paths():
            yield f"{MEDIA}/{stored}", path
    for path in journal.kept_files():
        yield f"{JOURNAL}/{path.name}", path
