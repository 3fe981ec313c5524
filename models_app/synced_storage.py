"""Files that survive a power cut: on the disk before a row says that they exist."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.files.storage import FileSystemStorage

from models_app.disk import sync


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
