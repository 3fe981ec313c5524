"""Makes a set of photos of an archive, in the archive's own order."""

from __future__ import annotations

from functools import partial
from typing import IO

from models_app.archives.inspection import Member, Verdict, inspect
from models_app.archives.names import read_names
from models_app.archives.records import is_archive, read_records
from models_app.archives.refusals import refused
from models_app.archives.unpacking import Budget, unpacked
from models_app.captions import is_caption_file
from models_app.litter import is_litter_path
from models_app.photo_sets import File, PhotoSet, Refused, photo_set


def is_zip(source: IO[bytes]) -> bool:
    """Whether a file is a ZIP, by its first bytes: its name says nothing."""
    source.seek(0)
    head = source.read(4)
    source.seek(0)
    return is_archive(head)


def read_archive(source: IO[bytes]) -> PhotoSet:
    """Return the photos in a ZIP, each unpacked when it is opened, while `source` is open.

    Takes a seekable file at any position. Raises PhotoRefusedError where the archive as a whole is
    of no use; what is wrong with a file in it is in the set.
    """
    records = read_records(source)
    paths = read_names(records)
    if not records:
        raise refused("archive_empty")
    litter: list[str] = []
    found: list[File | Refused] = []
    budget = Budget()
    verdicts = inspect(source, records, paths)
    for record, path, verdict in zip(records, paths, verdicts, strict=True):
        if is_litter_path(path.split("/")):
            litter.extend([] if record.is_folder else [path])
        elif not (record.is_folder and isinstance(verdict, Member)):
            found.append(_found(source, path, verdict, budget))
    return photo_set(found, litter)


def _found(source: IO[bytes], path: str, verdict: Verdict, budget: Budget) -> File | Refused:
    if not isinstance(verdict, Member):
        return Refused(path, str(verdict))
    is_photo = not is_caption_file(path)
    return File(path, partial(unpacked, source, verdict, budget, is_photo=is_photo))
