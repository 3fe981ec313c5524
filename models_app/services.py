"""Everything that changes a model or its photos.

Each change re-reads the model under a lock and is refused once training was started, so an
outdated tab cannot change what is being trained. (SQLite has no row locks; there the whole
transaction holds the write lock from its beginning.)
"""

from __future__ import annotations

import hashlib
import time
import uuid
from collections import Counter
from functools import partial
from typing import IO, Any

from django.contrib.auth.models import AbstractUser
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts import limits
from accounts.allowances import Limit
from models_app import file_deletions, partial_files, photo_files
from models_app.captions import clean_caption
from models_app.errors import NotEditableError, PhotoRefusedError
from models_app.formats import refusal
from models_app.ingest import check_bytes, normalise
from models_app.limits import LIMITS
from models_app.locks import locked, locked_owner
from models_app.models import PhotoUpload, TrainingImage, UserModel
from models_app.selectors import photos_of
from models_app.texts import is_blank, isolated, shortened, single_line
from providers.redaction import without_controls

_WIZARD_COLUMNS = frozenset(
    {
        "name",
        "description",
        "kind",
        "trigger_word",
        "consent_at",
        "base_model",
        "provider",
        "preset",
        "options",
    }
)
_MAX_FILENAME = 120


@transaction.atomic
def create_draft(owner: AbstractUser, *, draft_id: uuid.UUID | None = None) -> UserModel:
    """Return a new, empty model of `owner`, or the existing one with the id `draft_id`.

    A page carries the id of its future draft, so submitting it twice creates one draft. An
    existing model may belong to another user: the caller checks that with `model_for`. Raises
    LimitReachedError for one draft too many.
    """
    wanted = draft_id or uuid.uuid4()
    person = limits.lock(owner.pk)
    if existing := UserModel.objects.filter(pk=wanted).first():
        return existing
    limits.require(person, Limit.DRAFTS)
    model, _ = UserModel.objects.get_or_create(pk=wanted, defaults={"owner_id": owner.pk})
    return model


def save_answers(
    model: UserModel, *, step: str, answers: dict[str, str], valid: dict[str, Any]
) -> UserModel:
    """Save a wizard step as entered (`answers`) and its `valid` values in the model's columns.

    Returns the saved model. Raises NotEditableError once training was started. A trigger word
    that another tab took in this moment is saved as an answer only, so that the step stays
    incomplete.
    """
    if unknown := valid.keys() - _WIZARD_COLUMNS:
        raise ValueError(f"The wizard must not write {sorted(unknown)}")
    try:
        return _write_answers(model, step, answers, valid)
    except IntegrityError:
        if "trigger_word" not in valid:
            raise
        rest = {name: value for name, value in valid.items() if name != "trigger_word"}
        return _write_answers(model, step, answers, rest)


@transaction.atomic
def _write_answers(
    model: UserModel, step: str, answers: dict[str, str], valid: dict[str, Any]
) -> UserModel:
    current = locked(model)
    storable = {name: without_controls(answer) for name, answer in answers.items()}
    current.answers = {**current.answers, step: storable}
    for name, value in valid.items():
        setattr(current, name, value)
    current.save(update_fields=["answers", "updated_at", *valid])
    return current


def add_photo(
    model: UserModel,
    *,
    upload: UploadedFile[bytes],
    chosen: int | None = None,
    caption: str = "",
    came_by: str = "",
) -> TrainingImage:
    """Check, normalise and store one uploaded photo: after those that were chosen before it.

    `chosen` is when that was, in microseconds since 1970; without it, now. `came_by` is the nonce
    of a phone's link. What came otherwise is then no reason to refuse before all work is done:
    what a file costs, and which limit it meets, would tell what the draft holds.
    Raises PhotoRefusedError (nothing of it is stored), NotEditableError and LimitReachedError.
    """
    if not model.is_editable:
        raise NotEditableError
    source = _opened(upload)
    sha256 = _sha256(source)
    filename = clean_filename(upload.name or "")
    # Both are checked again under the lock; here they only avoid needless decoding.
    photos = photos_of(model)
    _check_is_new(photos.filter(came_by=came_by) if came_by else photos, sha256)
    check_room(model)
    _count_upload(model)
    normalised = normalise(source)

    photo_id = uuid.uuid4()
    names = photo_files.names_for(model.pk, photo_id, normalised.extension)
    photo = TrainingImage(
        id=photo_id,
        model=model,
        file=names[0],
        thumbnail=names[1],
        width=normalised.width,
        height=normalised.height,
        size=len(normalised.data),
        sha256=sha256,
        original_filename=filename,
        changes=list(normalised.changes),
        measures=normalised.measures,
        caption=clean_caption(caption),
        chosen=time.time_ns() // 1000 if chosen is None else chosen,
        came_by=came_by,
    )
    photo_files.store(normalised, names)
    try:
        return _insert(photo)
    except BaseException:
        photo_files.remove(names)
        raise


@transaction.atomic
def _count_upload(model: UserModel) -> None:
    """Take one of the day's photos, before the work of opening it: it counts, kept or not."""
    person = locked_owner(model)
    limits.require(person, Limit.STORAGE)
    limits.require(person, Limit.PHOTOS)
    PhotoUpload.objects.create(owner=person)


@transaction.atomic
def _insert(photo: TrainingImage) -> TrainingImage:
    """Write the row, unless photos were added or training started during the decoding."""
    limits.require(locked_owner(photo.model), Limit.STORAGE, photo.size)
    model = locked(photo.model)
    _check_is_new(photos_of(model), photo.sha256)
    check_room(model)
    photos = list(photos_of(model))
    earlier = [at for at, other in enumerate(photos) if other.chosen <= photo.chosen]
    photos.insert(earlier[-1] + 1 if earlier else 0, photo)
    _number(photos)
    photo.save(force_insert=True)
    return photo


def _number(photos: list[TrainingImage]) -> None:
    """Give photos their positions in this order."""
    moved = [photo for at, photo in enumerate(photos) if photo.position != at]
    for position, photo in enumerate(photos):
        photo.position = position
    TrainingImage.objects.bulk_update(moved, ["position"])


@transaction.atomic
def remove_photo(photo: TrainingImage) -> None:
    """Delete a photo with its files. Raises NotEditableError."""
    model = locked(photo.model)
    current = photos_of(model).filter(pk=photo.pk).first()
    if current is None:
        return  # removed in another tab
    current.delete()
    file_deletions.delete_on_commit(current.stored_names)


@transaction.atomic
def move_photo(photo: TrainingImage, *, places: int) -> None:
    """Move a photo later by `places`, earlier if negative, stopping at the ends.

    Raises NotEditableError.
    """
    model = locked(photo.model)
    photos = list(photos_of(model))
    before = next((at for at, other in enumerate(photos) if other.pk == photo.pk), None)
    if before is None:
        return  # removed in another tab
    photos.insert(max(0, before + places), photos.pop(before))
    _number(photos)


@transaction.atomic
def place_photo(photo: TrainingImage, *, before: uuid.UUID | None) -> None:
    """Move a photo to just before another one of its model; to the end without one.

    Raises NotEditableError, and TrainingImage.DoesNotExist where either is not there any more.
    """
    photos = list(photos_of(locked(photo.model)))
    others = [other for other in photos if other.pk != photo.pk]
    places = {other.pk: at for at, other in enumerate(others)} | {None: len(others)}
    if len(others) == len(photos) or before not in places:
        raise TrainingImage.DoesNotExist
    others.insert(places[before], photo)
    _number(others)


def delete_model(model: UserModel) -> Counter[str]:
    """Delete a model with its photos, weights and pictures: rows first, then its folders.

    Returns how many rows of each kind went, by the label of their model.

    The caller makes sure that no job of it is unfinished; finished jobs remain as the record of
    what was paid.
    """
    model_id, folders = model.pk, photo_files.folders_of(model.pk)
    names = [name for photo in photos_of(model) for name in photo.stored_names]
    names.append(str(model.weights.name))
    elsewhere = [name for name in names if name and not name.startswith(tuple(folders))]
    with transaction.atomic():
        _, counts = model.delete()
        file_deletions.delete_on_commit([*folders, *elsewhere])
        transaction.on_commit(partial(partial_files.remove_all, model_id))
    return Counter(counts)


def clean_filename(name: str) -> str:
    """Return a file's name for display: no folders, no control characters, limited length.

    "" where there is none: nothing to see, or dots only. It is never used as a path.
    """
    text = single_line(name.replace("\\", "/").rsplit("/", 1)[-1])
    if len(text) > _MAX_FILENAME:
        text = f"{shortened(text, _MAX_FILENAME - 20)}…{text[-19:]}"
    return "" if is_blank(text.strip(".")) else text


def named_upload(source: IO[bytes], name: str, size: int | None) -> UploadedFile[bytes]:
    """Return a file to be added as a photo, whatever it is called: some are called nothing at all,
    which Django's uploaded files take for a name only when they have been made."""
    upload = UploadedFile(source, name="photo", size=size)
    upload.name = clean_filename(name) or None
    return upload


def _opened(upload: UploadedFile[bytes]) -> IO[bytes]:
    check_bytes(upload.size or 0)
    if upload.file is None:
        raise refusal("empty")
    return upload.file


def _sha256(source: IO[bytes]) -> str:
    """Return the hash of the uploaded bytes. (`hashlib.file_digest` fails on in-memory files.)"""
    digest = hashlib.sha256()
    source.seek(0)
    while chunk := source.read(64 * 1024):
        digest.update(chunk)
    return digest.hexdigest()


def _check_is_new(photos: QuerySet[TrainingImage], sha256: str) -> None:
    twin = photos.filter(sha256=sha256).first()
    if twin is None:
        return
    text = _("This is the same file as “%(name)s”. Each photo counts only once.")
    name = twin.original_filename or _("Photo")
    raise PhotoRefusedError("duplicate", text % {"name": isolated(name)}, twin_id=twin.pk)


def check_room(model: UserModel) -> None:
    """Raise PhotoRefusedError if the model has as many photos as it may."""
    if photos_of(model).count() >= LIMITS.max_photos:
        text = _("A model can have at most %(count)d photos. Remove one to add this one.")
        raise PhotoRefusedError("too_many_photos", text % {"count": LIMITS.max_photos})
