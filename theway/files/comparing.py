"""Compares what is stored with what rows name. Reads only; deleting is asked for separately.

However many files there are, a comparison holds a few bytes for each of them and no list.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from django.core.files.storage import default_storage

from models_app import file_deletions
from models_app.stored_files import Stored
from theway.files.fingerprints import Fingerprints
from theway.files.named import (
    Name,
    busy_folders,
    each_name,
    going_files,
    still_named,
    still_there,
)

# A file is written before its row. What is younger may belong to work under way, however slow.
GRACE_SECONDS = 48 * 60 * 60
BATCH = 500

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Difference:
    """A file that no row names, with its bytes; or a name that rows have and no file (`size` is
    None)."""

    name: str
    size: int | None = None

    @property
    def is_lost(self) -> bool:
        return self.size is None


def differences(storage: Any = default_storage) -> Iterator[Difference]:
    """Yield what does not fit together: names without a file first. Raises errors of the storage.

    Rows are read before the files and again after, so that nothing counts that comes or goes
    meanwhile. Files are listed once more where some have no row: their names are held nowhere.
    """
    named = Fingerprints(row.file for row in each_name())
    present, later = Fingerprints(), Fingerprints()
    has_unnamed = sum(1 for _ in _unnamed(storage, named, present)) > 0
    # Whoever is no longer busy has written its row: in this order.
    busy = (*going_files(), *busy_folders())
    for names in batches(_missing(named, later, present)):
        yield from _lost(storage, names)
    for one in _unnamed(storage, named) if has_unnamed else ():
        if one.name not in later and not one.name.startswith(busy):
            yield Difference(one.name, one.size)


def old_uploads(storage: Any = default_storage) -> Iterator[tuple[str, str]]:
    """Yield key and id of uploads in parts that a killed process has left. A disk has none."""
    if not hasattr(storage, "unfinished"):
        return
    latest = time.time() - GRACE_SECONDS
    for key, upload, begun in storage.unfinished():
        if begun < latest:
            yield key, upload


def delete_leftover(names: Collection[str]) -> None:
    """Have leftover files deleted, a few hundred at most. One that a row names by now stays."""
    file_deletions.delete_on_commit(sorted(set(names) - still_named(names)))


def end_old_uploads(storage: Any = default_storage) -> int:
    """Delete the parts of uploads that were cut off; return of how many."""
    ended = 0
    for some in batches(old_uploads(storage)):
        for key, upload in some:
            storage.end_unfinished(key, upload)
            ended += 1
    return ended


def batches(items: Iterable[T]) -> Iterator[list[T]]:
    """Yield the items in lists that a query takes."""
    rest = iter(items)
    while some := list(islice(rest, BATCH)):
        yield some


def _unnamed(
    storage: Any, named: Fingerprints, present: Fingerprints | None = None
) -> Iterator[Stored]:
    """Yield old files that no row named, and note every file as present."""
    latest = time.time() - GRACE_SECONDS
    for one in storage.stored():
        if present is not None:
            present.add(one.name)
        if one.changed < latest and one.name not in named:
            yield one


def _missing(named: Fingerprints, later: Fingerprints, present: Fingerprints) -> Iterator[Name]:
    """Yield names that rows had before the files were listed, and have, of files not among them;
    note all that rows have now."""
    for row in each_name():
        later.add(row.file)
        if row.file in named and row.file not in present:
            yield row


def _lost(storage: Any, names: list[Name]) -> Iterator[Difference]:
    gone = [row for row in names if not storage.exists(row.file)]
    for name in sorted(still_there(gone)):
        yield Difference(name)
