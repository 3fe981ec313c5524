"""The dataset that every hosted trainer takes: a flat ZIP of photos, each with its caption.

`001.jpg` lies beside `001.txt`; no folders, no hidden files. Photos are compressed already, so
they are stored as they are, and streamed: no whole photo is ever held in memory. The same photos
and captions give the same bytes, whenever and wherever they are written.
"""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO

from providers.types import Photo

# The earliest date that a ZIP can hold: when a photo was taken is nobody's business.
_NO_DATE = (1980, 1, 1, 0, 0, 0)
_UNIX = 3  # what `zipfile` would name after the system it runs on
_PIECE_BYTES = 256 * 1024


@contextmanager
def zip_of(photos: Iterable[Photo], *, only_own_captions: bool = False) -> Iterator[IO[bytes]]:
    """Give the finished ZIP, at its beginning, for as long as it is sent.

    Its file has no name, so that a process that is killed leaves nothing. Raises OSError where a
    photo cannot be read or the disk is full: what is not whole is never given.
    """
    with tempfile.TemporaryFile() as file:
        write_zip(photos, file, only_own_captions=only_own_captions)
        file.seek(0)
        yield file


def write_zip(photos: Iterable[Photo], file: IO[bytes], *, only_own_captions: bool = False) -> None:
    """Write the photos to `file`, each with its caption in one line of UTF-8.

    `only_own_captions` leaves out those that no person wrote: the trainer describes these photos
    itself. Raises OSError where a photo cannot be read.
    """
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for photo in photos:
            _add(archive, photo)
            if photo.is_captioned or not only_own_captions:
                stem = photo.name.rpartition(".")[0]
                caption = " ".join(photo.caption.split())
                archive.writestr(_entry(f"{stem}.txt"), caption.encode())


def _add(archive: zipfile.ZipFile, photo: Photo) -> None:
    with photo.open() as source, archive.open(_entry(photo.name), "w") as target:
        shutil.copyfileobj(source, target, _PIECE_BYTES)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _NO_DATE)
    entry.create_system = _UNIX
    return entry
