"""The installation's files as they are at one moment, while they come and go."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db.models import FileField

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


def named_files() -> set[str]:
    """Return the files that rows name, by their names in a backup."""
    fields = [
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, FileField)
    ]
    return {
        f"{MEDIA}/{stored}"
        for model, name in fields
        for stored in model._default_manager.values_list(name, flat=True)
        if stored
    }


def still_missing(names: Iterable[str]) -> list[str]:
    """Return those of the names that rows still have although no file is there."""
    named = named_files()
    return sorted(name for name in names if name in named)


def is_elsewhere(path: Path) -> bool:
    """Return whether it is a folder on another disk: linked, or mounted."""
    return path.is_dir() and (path.is_symlink() or path.is_mount())


def _paths() -> Iterator[tuple[str, Path]]:
    root = Path(settings.MEDIA_ROOT)
    for folder, names in _folders(root, frozenset()):
        for name in names:
            path = Path(folder, name)
            # What is hidden is not of our making, and links to single files neither.
            if not path.is_symlink() and not name.startswith("."):
                yield f"{MEDIA}/{path.relative_to(root).as_posix()}", path
    for path in journal.kept_files():
        yield f"{JOURNAL}/{path.name}", path


def _folders(folder: Path, above: frozenset[Path]) -> Iterator[tuple[Path, list[str]]]:
    """Walk a folder and those linked in it, where people put what outgrows a disk; a link to a
    folder above is not followed."""
    above |= {folder.resolve()}
    for found, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield Path(found), names
        for linked in (Path(found, name) for name in folders):
            if linked.is_symlink() and linked.resolve() not in above:
                yield from _folders(linked, above)
