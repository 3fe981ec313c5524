"""The dataset that every hosted trainer takes: a flat ZIP of photos, each with its caption.

`001.jpg` lies beside `001.txt`; no folders, no hidden files. Photos are compressed already, so
they are stored as they are, and streamed: no whole photo is ever held in memory.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterable
from typing import IO

from providers.types import Photo

# The earliest date that a ZIP can hold: when a photo was taken is nobody's business.
_NO_DATE = (1980, 1, 1, 0, 0, 0)
_PIECE_BYTES = 256 * 1024


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
                archive.writestr(zipfile.ZipInfo(f"{stem}.txt", _NO_DATE), caption.encode())


def _add(archive: zipfile.ZipFile, photo: Photo) -> None:
    entry = zipfile.ZipInfo(photo.name, _NO_DATE)
    with photo.open() as source, archive.open(entry, "w") as target:
        shutil.copyfileobj(source, target, _PIECE_BYTES)
