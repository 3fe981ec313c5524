"""Everything that changes a model or its photos.

Each change re-reads the model under a lock and is refused once training was started, so a
forgotten tab cannot alter what is being trained. (SQLite has no row locks; there the whole
transaction holds the write lock from its beginning.)
"""

from __future__ import annotations

import hashlib
import unicodedata
import uuid
from functools import partial
from typing import IO, Any

from django.contrib.auth.models import AbstractUser
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.db.models import Max

from models_app import photo_files
from models_app.errors import NotEditableError, PhotoRefusedError
from models_app.ingest import check_bytes, normalise
from models_app.limits import LIMITS
from models_app.models import TrainingImage, UserModel
from models_app.selectors import photos_of

_ANSWERABLE = frozenset(
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


def create_draft(owner: AbstractUser, *, draft_id: uuid.UUID | None = None) -> UserModel:
    """Return a new, empty model of `owner`; its kind is what most people come for.

    `draft_id` is what a page promised its draft: the same page sent twice makes one. Whether
    such an id belongs to `owner` is for `model_for` to say.
    """
    model, _ = UserModel.objects.get_or_create(
        pk=draft_id or uuid.uuid4(), defaults={"owner_id": owner.pk}
    )
    return model


def save_answers(
    model: UserModel, *, step: str, answers: dict[str, str], valid: dict[str, Any]
) -> UserModel:
    """Keep a wizard step as typed (`answers`) and write what is valid to the columns.

    Returns the model as it is now. Raises NotEditableError once training was started. A
    trigger word that another tab took in this moment is kept as typed only, so the step is
    not complete.
    """
    if unknown := valid.keys() - _ANSWERABLE:
        raise ValueError(f"The wizard does not answer {sorted(unknown)}")
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
    current = _locked(model)
    current.answers = {**current.answers, step: answers}
    for name, value in valid.items():
        setattr(current, name, value)
    current.save(update_fields=["answers", "updated_at", *valid])
    return current


def add_photo(model: UserModel, *, upload: UploadedFile[bytes]) -> TrainingImage:
    """Check, normalise and store one uploaded photo as the model's last.

    Raises PhotoRefusedError (nothing of it is kept) and NotEditableError.
    """
    if not model.is_editable:
        raise NotEditableError
    source = _opened(upload)
    sha256 = _sha256(source)
    filename = clean_filename(upload.name or "")
    # Both are asked again under the lock; here they spare the decoding.
    _check_is_new(model, sha256)
    _check_room(model)
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
    )
    photo_files.store(normalised, names)
    try:
        return _insert(photo)
    except BaseException:
        photo_files.remove(names)
        raise


@transaction.atomic
def _insert(photo: TrainingImage) -> TrainingImage:
    """Write the row, unless the set was filled or fixed while the photo was decoded."""
    model = _locked(photo.model)
    _check_is_new(model, photo.sha256)
    _check_room(model)
    last = photos_of(model).aggregate(last=Max("position"))["last"]
    photo.position = 0 if last is None else last + 1
    photo.save(force_insert=True)
    return photo


@transaction.atomic
def remove_photo(photo: TrainingImage) -> None:
    """Delete a photo with its files. Raises NotEditableError."""
    _locked(photo.model)
    photo.delete()
    names = [str(photo.file.name), str(photo.thumbnail.name)]
    transaction.on_commit(partial(photo_files.remove, names))


@transaction.atomic
def move_photo(photo: TrainingImage, *, places: int) -> None:
    """Move a photo later by `places`, earlier when negative, stopping at the ends.

    Raises NotEditableError.
    """
    model = _locked(photo.model)
    photos = list(photos_of(model))
    before = next((at for at, other in enumerate(photos) if other.pk == photo.pk), None)
    if before is None:
        return  # removed in another tab
    photos.insert(max(0, before + places), photos.pop(before))
    for position, other in enumerate(photos):
        other.position = position
    TrainingImage.objects.bulk_update(photos, ["position"])


@transaction.atomic
def set_caption(photo: TrainingImage, *, caption: str) -> None:
    """Write a photo's caption as one line, at most `LIMITS.max_caption` long.

    Raises NotEditableError.
    """
    _locked(photo.model)
    photo.caption = _printable(" ".join(caption.split()))[: LIMITS.max_caption].rstrip()
    photo.save(update_fields=["caption"])


def delete_model(model: UserModel) -> None:
    """Delete a model with its photos, weights and pictures: rows first, then files.

    The caller makes sure that no job of it is unfinished; finished jobs stay as the record of
    what was paid.
    """
    model_id = model.pk
    names = [name for pair in photos_of(model).values_list("file", "thumbnail") for name in pair]
    if model.weights:
        names.append(str(model.weights.name))
    with transaction.atomic():
        model.delete()
        transaction.on_commit(partial(photo_files.remove_model, model_id, names))


def clean_filename(name: str) -> str:
    """Return a file's name fit to be shown: no folders, no control characters, not too long.

    It is text for a person only and never becomes part of a path.
    """
    text = _printable(name.replace("\\", "/").rsplit("/", 1)[-1]).strip()
    if len(text) > _MAX_FILENAME:
        text = f"{text[: _MAX_FILENAME - 20]}…{text[-19:]}"
    return text


def _printable(text: str) -> str:
    """Drop control, formatting (also text direction) and unassigned characters."""
    return "".join(char for char in text if not unicodedata.category(char).startswith("C"))


def _locked(model: UserModel) -> UserModel:
    """Return the model as it is now, locked until the transaction ends; raise NotEditableError."""
    current = UserModel.objects.select_for_update().filter(pk=model.pk).first()
    if current is None or not current.is_editable:
        raise NotEditableError
    return current


def _opened(upload: UploadedFile[bytes]) -> IO[bytes]:
    check_bytes(upload.size or 0)
    if upload.file is None:
        raise PhotoRefusedError("empty", "This file is empty. Choose the photo again.")
    return upload.file


def _sha256(source: IO[bytes]) -> str:
    """Hash the bytes as uploaded. (`hashlib.file_digest` refuses Django's in-memory files.)"""
    digest = hashlib.sha256()
    source.seek(0)
    while chunk := source.read(64 * 1024):
        digest.update(chunk)
    return digest.hexdigest()


def _check_is_new(model: UserModel, sha256: str) -> None:
    twin = photos_of(model).filter(sha256=sha256).first()
    if twin is None:
        return
    name = f"“{twin.original_filename}”" if twin.original_filename else "another photo here"
    raise PhotoRefusedError(
        "duplicate",
        f"This is the same file as {name}. Each photo counts only once.",
        twin_id=twin.pk,
    )


def _check_room(model: UserModel) -> None:
    if photos_of(model).count() >= LIMITS.max_photos:
        raise PhotoRefusedError(
            "too_many_photos",
            f"A model takes at most {LIMITS.max_photos} photos. Remove one to add this.",
        )
