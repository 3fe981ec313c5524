"""Photos that a person has sent already, taken into another model of theirs."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import PurePath

from django.core.files.storage import default_storage
from django.db import transaction

from accounts import limits
from accounts.allowances import Limit
from models_app import photo_files
from models_app.locks import locked, locked_owner
from models_app.models import TrainingImage, UserModel
from models_app.selectors import photos_of
from models_app.services import check_room


def copy_photos(photos: Sequence[TrainingImage], model: UserModel) -> list[TrainingImage]:
    """Copy photos with their files and captions into `model`, in this order; return the copies.

    One that the model has already is left out. All or none: raises NotEditableError,
    PhotoRefusedError, LimitReachedError and errors of the storage. The caller has asked whose
    photos they are.
    """
    known = set(photos_of(model).values_list("sha256", flat=True))
    copies = [_copy(photo, model) for photo in photos if photo.sha256 not in known]
    names = [name for copy in copies for name in copy.stored_names]
    try:
        for copy, photo in zip(copies, (p for p in photos if p.sha256 not in known), strict=True):
            photo_files.write(dict(zip(copy.stored_names, _contents(photo), strict=True)))
        _insert(copies, model)
    except BaseException:
        photo_files.remove(names)
        raise
    return copies


def _copy(photo: TrainingImage, model: UserModel) -> TrainingImage:
    """Return a new row, not saved, with files of its own."""
    copy_id = uuid.uuid4()
    extension = PurePath(str(photo.file.name)).suffix.lstrip(".")
    file, thumbnail = photo_files.names_for(model.pk, copy_id, extension)
    part = photo_files.names_of_part(model.pk, copy_id, extension)[1] if photo.crop else ""
    kept = ("original_filename", "width", "height", "size", "sha256", "caption", "changes")
    values = {name: getattr(photo, name) for name in (*kept, "measures", "crop", "cropped_size")}
    return TrainingImage(
        id=copy_id, model=model, file=file, thumbnail=thumbnail, cropped=part, **values
    )


def _contents(photo: TrainingImage) -> list[bytes]:
    """Return what is in each file of `stored_names`."""
    contents = []
    for name in photo.stored_names:
        with default_storage.open(name) as file:
            contents.append(file.read())
    return contents


@transaction.atomic
def _insert(copies: Sequence[TrainingImage], model: UserModel) -> None:
    size = sum(copy.size + copy.cropped_size for copy in copies)
    limits.require(locked_owner(model), Limit.STORAGE, size)
    current = locked(model)
    place = photos_of(current).count()
    for copy in copies:
        check_room(current)
        copy.position, place = place, place + 1
        copy.save(force_insert=True)
