"""What becomes of the files that a phone sends, in words that say nothing about the draft."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from accounts.limits import LimitReachedError
from models_app import phone_links
from models_app.errors import PhotoRefusedError
from models_app.models import PhoneLink
from models_app.services import add_photo, clean_filename


@dataclass(frozen=True, slots=True)
class Sent:
    """One file: `text` is what became of it; with `receipt` whoever sent it can remove it."""

    name: str
    text: str
    status: int = 422
    receipt: str = ""

    @property
    def is_stored(self) -> bool:
        return self.status in {200, 201}

    def as_json(self) -> dict[str, Any]:
        return {"message": self.text, "receipt": self.receipt}


def take(link: PhoneLink, uploads: Sequence[UploadedFile[bytes]]) -> list[Sent]:
    """Store each photo and say what became of it. Raises NotEditableError."""
    return [_take_one(link, upload) for upload in uploads]


def _take_one(link: PhoneLink, upload: UploadedFile[bytes]) -> Sent:
    name = clean_filename(upload.name or "")
    if not phone_links.take_try(link):
        text = _("Enough came by this link. Show a new code on the computer and scan it.")
        return Sent(name, text, 429)
    try:
        photo = add_photo(link.model, upload=upload)
    except PhotoRefusedError as refusal:
        return _refused(name, refusal)
    except LimitReachedError:
        return Sent(name, _("No more photos fit at the moment. The computer says why."), 429)
    return Sent(name, _("Added"), 201, phone_links.note_added(link, photo))


def _refused(name: str, refusal: PhotoRefusedError) -> Sent:
    if refusal.code == "duplicate":  # without the other's name; an answer may have been lost
        return Sent(name, _("Added"), 200)
    if refusal.code == "busy":  # the page sends it again by itself
        return Sent(name, refusal.message, 503)
    if refusal.code == "no_space":
        return Sent(name, refusal.message, 507)
    return Sent(name, refusal.message)
