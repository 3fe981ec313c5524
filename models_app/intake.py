"""Takes in a set of photos, one after another, and says of each file what became of it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.limits import LimitReachedError
from models_app.disk import is_full
from models_app.errors import PhotoRefusedError
from models_app.models import TrainingImage, UserModel
from models_app.photo_files import no_space
from models_app.photo_sets import File, PhotoSet, Refused
from models_app.services import add_photo, named_upload

# Refused for one of these, every other file of the set would be, too.
_ENDINGS = {"too_many_photos", "no_space"}


class State(StrEnum):
    STORED = "stored"
    REFUSED = "refused"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one file: `text` says why it was refused, or what else is worth saying.

    `code` is the reason for programs; `twin_id` is the photo that is the same file; `is_limit` says
    that the reason is a limit of the person's, not the file.
    """

    path: str
    state: State
    text: str = ""
    code: str = ""
    photo: TrainingImage | None = None
    twin_id: UUID | None = None
    is_limit: bool = False


def take_in(model: UserModel, photos: PhotoSet, *, chosen: int | None = None) -> Iterator[Result]:
    """Store the photos of a set in its order, and yield a result for every file of it.

    `chosen` is when the set was chosen, in microseconds since 1970; without it, now. A refused file
    stops no other. Once a limit is reached, nothing more is opened. Raises NotEditableError.
    """
    first = time.time_ns() // 1000 if chosen is None else chosen
    over: Exception | None = None
    for at, member in enumerate(photos.members):
        if isinstance(member, Refused):
            yield Result(member.path, State.REFUSED, member.reason)
            continue
        try:
            if over:
                raise over
            yield _stored(model, member, first + at)
        except (PhotoRefusedError, LimitReachedError) as error:
            over = error if _ends_all(error) else None
            yield _refusal(member, error)
    for path in photos.litter:
        yield Result(path, State.SKIPPED, _("Skipped: this is no photo."))


def _stored(model: UserModel, file: File, chosen: int) -> Result:
    with ExitStack() as stack:
        try:
            source = stack.enter_context(file.open())
            size = source.seek(0, os.SEEK_END)
        except OSError as error:
            if is_full(error):
                raise no_space() from error
            raise PhotoRefusedError("unreadable", _("This file cannot be read.")) from error
        upload = named_upload(source, file.path, size)
        try:
            photo = add_photo(model, upload=upload, chosen=chosen, caption=file.caption)
        except OSError as error:
            if is_full(error):
                raise no_space() from error
            raise  # our own storage failed: that is no fault of the file
    text = _("Stored with its caption.") if photo.caption else _("Stored.")
    return Result(file.path, State.STORED, text, photo=photo)


def _refusal(file: File, error: PhotoRefusedError | LimitReachedError) -> Result:
    if isinstance(error, LimitReachedError):
        return Result(file.path, State.REFUSED, str(error), error.code, is_limit=True)
    return Result(file.path, State.REFUSED, error.message, error.code, twin_id=error.twin_id)


def _ends_all(error: PhotoRefusedError | LimitReachedError) -> bool:
    return isinstance(error, LimitReachedError) or error.code in _ENDINGS
