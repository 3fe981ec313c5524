"""Choosing the part of a photo that is trained on.

The stored photo stays as it is. Of its part a file of its own is made at once, in a worker: so
whoever trains only reads files, and reads the same bytes each time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

from django.core.files.storage import default_storage
from django.db import transaction

from accounts import limits
from accounts.allowances import Limit
from models_app import file_deletions, photo_files
from models_app.crops import Box, check_box
from models_app.errors import CropChangedError, NotEditableError
from models_app.ingest import normalise, part_of, thumbnail_of
from models_app.locks import locked, locked_owner
from models_app.models import TrainingImage
from models_app.refusals import refused

Measured = dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Crop:
    """What is to be trained on of a photo, as it was when that was chosen. Its files are written:
    the thumbnail, then the part if it is not the whole."""

    photo: TrainingImage
    box: Box
    files: Mapping[str, bytes]
    measures: Measured


def crop_photo(photo: TrainingImage, box: Box) -> TrainingImage:
    """Have only `box` of a photo trained on, or all of it; return the photo as it is then.

    Its thumbnail shows the same, under another name. Raises PhotoRefusedError (nothing changes),
    NotEditableError, LimitReachedError, CropChangedError where another box was chosen meanwhile,
    and TrainingImage.DoesNotExist where the photo was removed.
    """
    with crop_made(photo, box) as crop:
        return save_crop(crop) if crop else photo


@contextmanager
def crop_made(photo: TrainingImage, box: Box) -> Iterator[Crop | None]:
    """Make a crop for `save_crop`, None where that is the photo's already.

    This takes a while, so nothing should be locked meanwhile. An exception inside removes its
    files. Raises PhotoRefusedError and NotEditableError.
    """
    if not photo.model.is_editable:
        raise NotEditableError
    check_box(box, photo.width, photo.height)
    if box == photo.box:
        yield None
        return
    made, measures = _made(photo, box)
    photo_files.write(made)
    try:
        yield Crop(photo, box, made, measures)
    except BaseException:
        photo_files.remove(made)
        raise


def _made(photo: TrainingImage, box: Box) -> tuple[Mapping[str, bytes], Measured]:
    """Return the new files by their names (the thumbnail, then the part if it is not the whole),
    and what is measured of what is trained on now."""
    with _opened(photo) as source:
        if box == Box.whole(photo.width, photo.height):
            name, _ = photo_files.names_of_part(photo.model_id, photo.pk, "jpg")
            return {name: thumbnail_of(source)}, normalise(source).measures
        part = part_of(source, box)
    names = photo_files.names_of_part(photo.model_id, photo.pk, part.extension)
    return dict(zip(names, (part.thumbnail, part.data), strict=True)), part.measures


def _opened(photo: TrainingImage) -> IO[bytes]:
    try:
        return default_storage.open(str(photo.file.name), "rb")
    except FileNotFoundError as error:
        raise refused("lost") from error


@transaction.atomic
def save_crop(crop: Crop) -> TrainingImage:
    """Let the photo's row name the new files, and the old ones go; return the photo.

    Raises as `crop_photo` does.
    """
    owner = locked_owner(crop.photo.model)
    model = locked(crop.photo.model)
    current = TrainingImage.objects.select_for_update().get(pk=crop.photo.pk)
    if current.box not in (crop.photo.box, crop.box):
        raise CropChangedError  # it was chosen while this one was made
    current.model = model
    replaced = [name for name in current.stored_names if name != current.file.name]
    thumbnail, *part = crop.files
    more = sum(len(crop.files[name]) for name in part) - current.cropped_size
    if more > 0:
        limits.require(owner, Limit.STORAGE, more)
    current.thumbnail = thumbnail
    current.crop = crop.box.as_json() if part else None
    current.cropped = part[0] if part else ""
    current.cropped_size = len(crop.files[part[0]]) if part else 0
    current.measures = crop.measures
    current.save(update_fields=["thumbnail", "crop", "cropped", "cropped_size", "measures"])
    file_deletions.delete_on_commit(replaced)
    return current
