"""Files that arrive in parts: begun, gone on with after a lost connection or a reload, and taken.

What has arrived is private like a photo: it belongs to a draft and goes with it, counts in its
owner's storage, and is deleted when the rest does not come. Whoever calls has asked whose the
draft is.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import F, QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import ngettext

from accounts import limits
from accounts.allowances import Limit
from accounts.models import User
from models_app import partial_files
from models_app.captions import clean_caption
from models_app.errors import NotEditableError, PhotoRefusedError
from models_app.formats import refusal
from models_app.limits import LIMITS, PARTIAL
from models_app.locks import locked_owner
from models_app.models import PartialUpload, UserModel
from models_app.photo_files import no_space
from models_app.refusals import refused
from models_app.services import check_room, clean_filename, named_upload

logger = logging.getLogger(__name__)

# Reasons that pass: what has arrived is kept, to be taken in another time.
_PASSING = {"busy", "no_space"}


@dataclass(frozen=True, slots=True)
class Announced:
    """What a client says of a file before it sends it. `modified` is in milliseconds, `chosen` in
    microseconds since 1970."""

    filename: str
    length: int
    chosen: int
    modified: int = 0
    caption: str = ""
    by_phone: bool = False


def path_of(upload: PartialUpload) -> Path:
    """Return where its bytes are."""
    return partial_files.path_of(upload.model_id, upload.pk)


def offset_of(upload: PartialUpload) -> int:
    """Return how many bytes have arrived: all of them once it is a photo."""
    return upload.length if upload.photo_id else partial_files.received(path_of(upload))


def partial_upload_for(
    model: UserModel, upload_id: UUID, *, by_phone: bool = False
) -> PartialUpload:
    """Return an upload to this draft; raise Http404 for any other, and once it has expired.

    A phone's link leads to those that were begun by one, and to no other.
    """
    uploads = PartialUpload.objects.select_related("photo").filter(expires_at__gt=timezone.now())
    return get_object_or_404(uploads, pk=upload_id, model=model, by_phone=by_phone)


def unfinished(model: UserModel) -> QuerySet[PartialUpload]:
    """Return what the wizard's page has begun and is still to arrive, or to be taken, in the order
    in which it was chosen."""
    uploads = PartialUpload.objects.filter(model=model, photo=None, expires_at__gt=timezone.now())
    return uploads.filter(by_phone=False).order_by("chosen")


@transaction.atomic
def begin(model: UserModel, file: Announced) -> PartialUpload:
    """Return the upload of a file; the one that there is where it was begun before.

    All of it counts in the owner's storage from now on, so that it never fails for want of room at
    the end. Raises NotEditableError, PhotoRefusedError and LimitReachedError.
    """
    person = locked_owner(model)
    if not model.is_editable:
        raise NotEditableError
    filename = clean_filename(file.filename)
    same = {
        "model": model,
        "by_phone": file.by_phone,
        "chosen": file.chosen,
        "filename": filename,
        "length": file.length,
    }
    PartialUpload.objects.filter(**same, expires_at__lte=timezone.now()).delete()
    if existing := PartialUpload.objects.filter(**same).first():
        return existing
    _check_length(file)
    check_room(model)
    _check_count(person)
    limits.require(person, Limit.PHOTOS)
    limits.require(person, Limit.STORAGE, file.length)
    if not partial_files.has_room(file.length):
        raise no_space()
    return PartialUpload.objects.create(
        **same,
        modified=file.modified,
        caption=clean_caption(file.caption),
        size=file.length,
        expires_at=timezone.now() + PARTIAL.keep,
    )


@contextmanager
def opened(upload: PartialUpload) -> Iterator[UploadedFile[bytes]]:
    """Yield the file that has arrived, to be taken; meanwhile it does not count, as what is made of
    it does. Raises FileNotFoundError where another request took or removed it."""
    with path_of(upload).open("rb") as source:
        PartialUpload.objects.filter(pk=upload.pk).update(size=0)
        try:
            yield named_upload(source, upload.filename, upload.length)
        finally:
            waiting = PartialUpload.objects.filter(pk=upload.pk, photo=None)
            waiting.update(size=F("length"))


def became(upload: PartialUpload, photo_id: UUID) -> None:
    """Delete the bytes of what is a photo now, and remember which."""
    PartialUpload.objects.filter(pk=upload.pk).update(photo=photo_id)
    partial_files.remove(path_of(upload))


def refuse(upload: PartialUpload, refusal: PhotoRefusedError) -> None:
    """Delete what was refused, unless the reason passes.

    To a phone a photo that was there already looks like any other that arrived.
    """
    if refusal.twin_id and upload.by_phone:
        became(upload, refusal.twin_id)
    elif refusal.code not in _PASSING:
        discard(upload)


def discard(upload: PartialUpload) -> None:
    """Delete an upload with what has arrived of it."""
    PartialUpload.objects.filter(pk=upload.pk).delete()
    partial_files.remove(path_of(upload))


def sweep() -> int:
    """Delete what has expired, and files that belong to no upload; return how many files went."""
    PartialUpload.objects.filter(expires_at__lte=timezone.now()).delete()
    # The files first: an upload that begins meanwhile has its row before its file.
    files = list(partial_files.all_files())
    waiting = PartialUpload.objects.filter(photo=None).values_list("pk", flat=True)
    known = {str(pk) for pk in waiting}
    left = [path for path, name in files if name not in known]
    for path in left:
        partial_files.remove(path)
    if left:
        logger.info("Deleted %d files whose rest did not come", len(left))
    return len(left)


def _check_length(file: Announced) -> None:
    if file.length < 1:
        raise refusal("empty")
    is_archive = file.filename.lower().endswith(".zip")
    if file.length > (settings.MAX_REQUEST_BYTES if is_archive else LIMITS.max_bytes):
        raise refused("too_many_bytes")


def _check_count(person: User) -> None:
    waiting = PartialUpload.objects.filter(model__owner=person, photo=None)
    if waiting.filter(expires_at__gt=timezone.now()).count() < PARTIAL.most_per_person:
        return
    text = ngettext(
        "%(count)d file is still arriving. Finish or remove some first.",
        "%(count)d files are still arriving. Finish or remove some first.",
        PARTIAL.most_per_person,
    )
    reason = text % {"count": PARTIAL.most_per_person}
    raise PhotoRefusedError("too_many_unfinished", reason)
