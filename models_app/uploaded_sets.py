"""Several files that arrived together, archives among them, as sets of photos."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from functools import partial
from io import BytesIO
from typing import IO

from django.core.files.uploadedfile import UploadedFile

from models_app.archives.reading import is_zip, read_archive
from models_app.errors import PhotoRefusedError
from models_app.photo_sets import File, PhotoSet, Refused, photo_set


def archive_in(upload: UploadedFile[bytes]) -> PhotoSet | None:
    """Return the photos in an uploaded archive, None where it is none. Raises PhotoRefusedError."""
    if upload.file is None or not is_zip(upload.file):
        return None
    return read_archive(upload.file)


def sets_in(uploads: Iterable[UploadedFile[bytes]]) -> list[tuple[str, PhotoSet]]:
    """Return the files that are no archives as one set without a name, then each archive's set
    with its name. An archive that cannot be read is a refused file."""
    loose: list[File | Refused] = []
    archives: list[tuple[str, PhotoSet]] = []
    for upload in uploads:
        name = upload.name or ""
        try:
            photos = archive_in(upload)
        except PhotoRefusedError as refusal:
            loose.append(Refused(name, refusal.message))
            continue
        if photos:
            archives.append((name, photos))
        else:
            loose.append(File(name, partial(_opened, upload)))
    return [("", photo_set(loose)), *archives]


def _opened(upload: UploadedFile[bytes]) -> nullcontext[IO[bytes]]:
    return nullcontext(upload.file or BytesIO())
