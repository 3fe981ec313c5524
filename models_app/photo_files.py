"""A model's files, through Django's storage API only, so that a bucket works as well.

Names consist of our ids; user input never becomes part of one.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterable, Iterator, Mapping
from uuid import UUID

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from models_app.decoding.task import NormalisedPhoto
from models_app.disk import is_full
from models_app.errors import PhotoRefusedError
from models_app.models import TrainingImage
from models_app.stored_files import is_whole

logger = logging.getLogger(__name__)

# All files of a model are in the folder of its id below one of these.
_FOLDERS = ("photos", "weights", "images")


def names_for(model_id: UUID, photo_id: UUID, extension: str) -> tuple[str, str]:
    """Return the storage names of a photo and of its thumbnail."""
    stem = f"photos/{model_id}/{photo_id}"
    return f"{stem}.{extension}", f"{stem}.thumb.jpg"


def names_of_part(model_id: UUID, photo_id: UUID, extension: str) -> tuple[str, str]:
    """Return new storage names of a thumbnail and of the part of a photo that it shows: what is
    kept under a name never changes."""
    stem = f"photos/{model_id}/{photo_id}.{secrets.token_hex(4)}"
    return f"{stem}.thumb.jpg", f"{stem}.crop.{extension}"


def store(photo: NormalisedPhoto, names: tuple[str, str]) -> None:
    """Write photo and thumbnail under `names`; delete both if that fails. Raises like `write`."""
    write(dict(zip(names, (photo.data, photo.thumbnail), strict=True)))


def write(files: Mapping[str, bytes]) -> None:
    """Write files by their names; delete all of them if that fails.

    Raises PhotoRefusedError when the disk is full, and any other error of the storage.
    """
    try:
        for name, data in files.items():
            default_storage.save(name, ContentFile(data))
    except OSError as error:
        remove(files)
        if not is_full(error):
            raise
        logger.exception("No space left to store a photo")
        raise no_space() from error


def no_space() -> PhotoRefusedError:
    """Return the error that refuses a photo because the disk is full."""
    text = _(
        "The server is out of disk space, so your photo was not saved. Ask the operator to "
        "free some, then try again."
    )
    return PhotoRefusedError("no_space", text)


def gone(photos: Iterable[TrainingImage]) -> list[TrainingImage]:
    """Return the photos of which the storage no longer has what is trained on as it was stored.
    Raises errors of the storage."""
    return [
        photo for photo in photos if not is_whole(str(photo.trained_file.name), photo.trained_bytes)
    ]


def remove(names: Iterable[str]) -> list[str]:
    """Delete files, and with all they hold folders, whose names end with a slash; return the
    names of those still there. What is missing counts as deleted."""
    return [name for name in names if not _is_removed(name)]


def folders_of(model_id: UUID) -> list[str]:
    """Return the folders that have all files of a model."""
    return [f"{folder}/{model_id}/" for folder in _FOLDERS]


def names_below(folder: str) -> Iterator[str]:
    """Yield every file below a folder, also those without a row after a crash; then the folders
    themselves, the innermost first."""
    try:
        folders, files = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    yield from (f"{folder}/{file}" for file in files)
    for inner in folders:
        yield from names_below(f"{folder}/{inner}")
    yield folder


def _is_removed(name: str) -> bool:
    if not name.endswith("/"):
        return _is_deleted(name)
    try:
        inside = list(names_below(name.rstrip("/")))
    except Exception:
        logger.exception("A folder could not be read")
        return False
    deleted = [_is_deleted(inner) for inner in inside]  # each, whatever the others do
    return all(deleted)


def _is_deleted(name: str) -> bool:
    try:
        default_storage.delete(name)
    except Exception:  # each storage has its own
        logger.exception("A file could not be deleted")
        return False
    return True
