"""Photos on this machine by their path: a folder, or an archive of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from django.utils.translation import gettext as _

from models_app.archives.reading import is_zip, read_archive
from models_app.errors import PhotoRefusedError
from models_app.photo_folders import read_folder
from models_app.photo_sets import PhotosError, PhotoSet


@contextmanager
def open_photos(path: Path) -> Iterator[PhotoSet]:
    """Give the photos in a folder or a ZIP, which stays open meanwhile. Raises PhotosError."""
    if not path.is_file():
        yield read_folder(path)
        return
    try:
        source = path.open("rb")
    except OSError as error:
        raise PhotosError(_("%s cannot be read.") % path) from error
    with source:
        yield _archive(path, source)


def name_of(path: Path) -> str:
    """Return what the photos there are called: the folder's name, the archive's without ending."""
    whole = path.resolve()
    return whole.stem if whole.is_file() else whole.name


def _archive(path: Path, source: IO[bytes]) -> PhotoSet:
    if not is_zip(source):
        raise PhotosError(_("%s is neither a folder nor a ZIP.") % path)
    try:
        return read_archive(source)
    except PhotoRefusedError as error:
        raise PhotosError(f"{path}: {error.message}") from error
