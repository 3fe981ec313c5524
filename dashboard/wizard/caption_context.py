"""What pages show of a draft's captions: each with its photo, the advice, and what is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from models_app.caption_advice import Note, advice_on
from models_app.models import TrainingImage, UserModel
from models_app.selectors import photos_of
from models_app.texts import isolated
from models_app.trigger_words import sent_caption
from providers.registry import training_offer


@dataclass(frozen=True, slots=True)
class NumberedPhoto:
    number: int
    pk: UUID


@dataclass(frozen=True, slots=True)
class ShownNote:
    """A sentence with links to the photos that it is about."""

    code: str
    text: str
    photos: Sequence[NumberedPhoto]


def notes_context(
    model: UserModel, photos: Sequence[TrainingImage] | None = None
) -> dict[str, Any]:
    """Return the context of the advice on captions (`wizard/_caption_notes.html`).

    `photos` are those of the model, where they are at hand.
    """
    photos = list(photos_of(model)) if photos is None else photos
    notes = advice_on([photo.caption for photo in photos], model)
    return {
        "caption_notes": [_shown(note, photos) for note in notes],
        "without_caption": _without_caption(model),
    }


def notes_fragments(request: HttpRequest, model: UserModel) -> dict[str, str]:
    """Return the part of the page that depends on the captions: element id → HTML."""
    html = render_to_string("wizard/_caption_notes.html", notes_context(model), request)
    return {"caption-notes": html}


def _shown(note: Note, photos: Sequence[TrainingImage]) -> ShownNote:
    named = [NumberedPhoto(place + 1, photos[place].pk) for place in note.places]
    return ShownNote(note.code, note.text, named)


def _without_caption(model: UserModel) -> str:
    """Return what becomes of photos without a caption, as the chosen trainer has it."""
    offer = training_offer(model.provider, model.base_model)
    if offer and model.kind in offer.reads_no_captions_of:
        return _("The trainer you chose reads no captions for this kind of subject.")
    if offer and offer.describes_photos:
        return _("Captions are optional. Photos without one are described by the trainer.")
    text = _("Captions are optional. Photos without one are sent as “%(caption)s”.")
    if not model.trigger_word:
        return _("Captions are optional.")
    return text % {"caption": isolated(sent_caption("", model))}
