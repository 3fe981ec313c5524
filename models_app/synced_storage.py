"""Files that survive a power cut: on the disk before a row says that they exist."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.files.storage import FileSystemStorage

from models_app.disk import sync
from models_app.stored_files import Stored


class SyncedStorage(FileSystemStorage):
    """Django's files in a folder; `save` returns once the disk has them."""

    def _save(self, name: str, content: Any) -> str:
        stored: str = super()._save(name, content)  # type: ignore[misc]
        path = Path(self.path(stored))
        sync(path)
        for folder in path.parents:
            sync(folder)  # the names of the file and of folders made for it
            if folder == Path(self.location):
                break
        return stored

    def stored(self) -> Iterator[Stored]:
        """Yield every file of ours, with what is linked or mounted in the folder."""
        for name, path in self.paths():
            try:
                found = path.stat()
            except FileNotFoundError:
                continue  # deleted meanwhile
            yield Stored(name, found.st_size, found.st_mtime)

    def paths(self) -> Iterator[tuple[str, Path]]:
        """Yield the same by name and path."""
        root = Path(self.location)
        for folder, names in _folders(root, frozenset()):
            for name in names:
                path = Path(folder, name)
                # What is hidden is not of our making, and links to single files neither.
                if not path.is_symlink() and not name.startswith("."):
                    yield path.relative_to(root).as_posix(), path


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
