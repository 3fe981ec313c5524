"""Compares what is stored with what rows name. Reads only; deleting is asked for separately."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from django.core.files.storage import default_storage

from models_app import file_deletions
from theway.files.named import busy_folders, going_files, named_files

# A file is written before its row. What is younger may belong to work under way, however slow.
GRACE_SECONDS = 48 * 60 * 60


@dataclass(frozen=True, slots=True)
class Comparison:
    """Files that no row names, with their bytes; names that rows have and no file; how many uploads
    in parts were never ended."""

    leftover: dict[str, int]
    lost: tuple[str, ...]
    unfinished: int = 0


def compare(storage: Any = default_storage) -> Comparison:
    """Return what does not fit together. Raises errors of the storage.

    Rows are read before and after the files, so that nothing counts that comes or goes meanwhile.
    """
    before = named_files()
    stored = {one.name: one for one in storage.stored()}
    after = named_files()
    busy, latest = (*going_files(), *busy_folders()), time.time() - GRACE_SECONDS
    leftover = {
        name: one.size
        for name, one in stored.items()
        if name not in after and one.changed < latest and not name.startswith(busy)
    }
    lost = sorted(name for name in (before & after) - stored.keys() if not storage.exists(name))
    return Comparison(leftover, tuple(lost), len(_old_uploads(storage)))


def delete_leftover(found: Comparison, storage: Any = default_storage) -> None:
    """Have the leftover files deleted, and uploads ended that were cut off. A file that a row names
    by now stays."""
    file_deletions.delete_on_commit(sorted(found.leftover.keys() - named_files()))
    for key, upload_id in _old_uploads(storage):
        storage.end_unfinished(key, upload_id)


def _old_uploads(storage: Any) -> list[tuple[str, str]]:
    """Return uploads in parts that a killed process has left. A disk has none."""
    if not hasattr(storage, "unfinished"):
        return []
    latest = time.time() - GRACE_SECONDS
    return [(key, upload) for key, upload, begun in storage.unfinished() if begun < latest]
