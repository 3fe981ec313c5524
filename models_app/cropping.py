"""Choosing the part of a photo that is trained on.

The stored photo stays as it is. Of its part a file of its own is made at once, in a worker: so
whoever trains only reads files, and reads the same bytes each time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from django.core.files.storage import default_storage
from django.db import transaction

from accounts import limits
from accounts.allowances import Limit
from models_app import file_deletions, photo_files
from models_app.crops import Box, check_box
from models_app.errors import NotEditableError
from models_app.ingest import normalise, part_of, thumbnail_of
from models_app.locks import locked, locked_owner
from models_app.models import TrainingImage
from models_app.refusals import refused

Measured = dict[str, Any] | None


def crop_photo(photo: TrainingImage, box: Box) -> TrainingImage:
    """Have only `box` of a photo trained on, or all of it; return the photo as it is then.

    Its thumbnail shows the same, under another name. Raises PhotoRefusedError (nothing changes),
    NotEditableError, LimitReachedError, and TrainingImage.DoesNotExist where it was removed.
    """
    if not photo.model.is_editable:
        raise NotEditableError
    check_box(box, photo.width, photo.height)
    if box == photo.box:
        return photo
    made, measures = _made(photo, box)
    photo_files.write(made)
    try:
        return _save(photo, box, made, measures)
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
def _save(
    photo: TrainingImage, box: Box, made: Mapping[str, bytes], measures: Measured
) -> TrainingImage:
    """Let the row name the new files, and the old ones go."""
    owner = locked_owner(photo.model)
    model = locked(photo.model)
    current = TrainingImage.objects.select_for_update().get(pk=photo.pk)
    current.model = model
    replaced = [name for name in current.stored_names if name != current.file.name]
    thumbnail, *part = made
    more = sum(len(made[name]) for name in part) - current.cropped_size
    if more > 0:
        limits.require(owner, Limit.STORAGE, more)
    current.thumbnail = thumbnail
    current.crop = box.as_json() if part else None
    current.cropped = part[0] if part else ""
    current.cropped_size = len(made[part[0]]) if part else 0
    current.measures = measures
    current.save(update_fields=["thumbnail", "crop", "cropped", "cropped_size", "measures"])
    file_deletions.delete_on_commit(replaced)
    return current
