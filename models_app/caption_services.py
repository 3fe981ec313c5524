"""Everything that changes captions.

A change of all captions keeps what each was before, beside it, so that undoing it works after a
reload and goes with the photo. A caption that was typed anew since then is left as it was typed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db import transaction
from django.db.models import F, QuerySet

from models_app.caption_changes import Change, edits_of
from models_app.captions import clean_caption
from models_app.edits import merge
from models_app.locks import locked
from models_app.models import TrainingImage, UserModel
from models_app.selectors import photos_of


@transaction.atomic
def set_caption(photo: TrainingImage, *, caption: str) -> None:
    """Save a photo's caption as one line of at most `LIMITS.max_caption` characters.

    Raises NotEditableError.
    """
    locked(photo.model)
    _write(photo, caption)


def _write(photo: TrainingImage, caption: str) -> None:
    line = clean_caption(caption)
    if line == photo.caption:
        return  # typed as it was: the last change can still be undone
    photo.caption, photo.caption_before = line, None
    photo.save(update_fields=["caption", "caption_before"])


@transaction.atomic
def merge_captions(
    model: UserModel, sent: Mapping[str, str], known: Mapping[str, Sequence[str]]
) -> dict[str, str]:
    """Save the captions that a page sends, by photo id, as far as nobody else has changed them.

    `known` is what the page knew of each. Returns those that were changed elsewhere too, as they
    are stored; of these nothing is saved. Raises NotEditableError.
    """
    if not sent:
        return {}
    locked(model)
    photos = {str(photo.pk): photo for photo in photos_of(model)}
    here = {pk: caption for pk, caption in sent.items() if pk in photos}
    stored = {pk: photo.caption for pk, photo in photos.items()}
    merged = merge(here, stored, known, clean_caption)
    for pk, caption in merged.values.items():
        _write(photos[pk], caption)
    return merged.clashes


@transaction.atomic
def change_captions(model: UserModel, change: Change) -> int:
    """Change all captions at once; return how many changed. Raises NotEditableError.

    What was changed before that is settled: only the last change can be undone.
    """
    locked(model)
    edits = [one for one in edits_of(photos_of(model), change, model) if not one.is_too_long]
    if not edits:
        return 0
    photos_of(model).update(caption_before=None)
    for edit in edits:
        edit.photo.caption_before, edit.photo.caption = edit.before, edit.after
    photos = [edit.photo for edit in edits]
    TrainingImage.objects.bulk_update(photos, ["caption", "caption_before"])
    return len(photos)


@transaction.atomic
def undo_change(model: UserModel) -> int:
    """Put back the captions of the last change; return how many. Raises NotEditableError."""
    locked(model)
    return undoable(model).update(caption=F("caption_before"), caption_before=None)


def undoable(model: UserModel) -> QuerySet[TrainingImage]:
    """Return the photos whose captions the last change has changed, and nobody since."""
    return photos_of(model).exclude(caption_before=None)
