"""What becomes of the files that a phone sends, in words that say nothing about the draft."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _

from accounts.limits import LimitReachedError
from models_app import phone_links
from models_app.errors import PhotoRefusedError
from models_app.models import PhoneLink, TrainingImage, UserModel
from models_app.services import add_photo, clean_filename


@dataclass(frozen=True, slots=True)
class Sent:
    """One file: `text` is what became of it; with `receipt` whoever sent it can remove it."""

    name: str
    text: str
    status: int = 422
    receipt: str = ""
    code: str = ""

    @property
    def is_stored(self) -> bool:
        return self.status == 201

    def reply(self) -> JsonResponse:
        """Return it for the page's script."""
        values = {"code": self.code, "message": self.text, "receipt": self.receipt}
        return JsonResponse(values, status=self.status)


class PhoneReplies:
    """To whoever holds a link: what became of a file, and nothing of the draft's or its owner's."""

    take_archives = False

    def __init__(self, link: PhoneLink) -> None:
        self._link = link
        self.came_by = link.nonce

    def stored(
        self, request: HttpRequest, draft: UserModel, photo: TrainingImage, *, is_new: bool
    ) -> JsonResponse:
        return _added(self._link, photo.pk, is_new=is_new).reply()

    def refused(
        self, request: HttpRequest, draft: UserModel, refusal: PhotoRefusedError
    ) -> JsonResponse:
        return _refused(self._link, "", refusal).reply()

    def limited(self, reached: LimitReachedError) -> JsonResponse:
        return _limited("").reply()


def take(
    link: PhoneLink, uploads: Sequence[UploadedFile[bytes]], chosen: int | None = None
) -> list[Sent]:
    """Store each photo and say what became of it; `chosen` is when the first was chosen. Raises
    NotEditableError."""
    return [
        _take_one(link, upload, None if chosen is None else chosen + at)
        for at, upload in enumerate(uploads)
    ]


def enough(name: str = "") -> Sent:
    """Return the answer to a file where too many came by the link."""
    text = _("Enough came by this link. Show a new code on the computer and scan it.")
    return Sent(name, text, 429)


def _take_one(link: PhoneLink, upload: UploadedFile[bytes], chosen: int | None) -> Sent:
    name = clean_filename(upload.name or "")
    if not phone_links.take_try(link):
        return enough(name)
    try:
        photo = add_photo(link.model, upload=upload, chosen=chosen, came_by=link.nonce)
    except PhotoRefusedError as refusal:
        return _refused(link, name, refusal)
    except LimitReachedError:
        return _limited(name)
    return replace(_added(link, photo.pk, is_new=True), name=name)


def _added(link: PhoneLink, photo_id: UUID, *, is_new: bool) -> Sent:
    if is_new:
        phone_links.note_added(link)
    return Sent("", _("Added"), 201, phone_links.receipt_for(link, photo_id))


def _limited(name: str) -> Sent:
    return Sent(name, _("No more photos fit at the moment. The computer says why."), 429)


def _refused(link: PhoneLink, name: str, refusal: PhotoRefusedError) -> Sent:
    if refusal.twin_id:  # what is in the draft already is told to nobody here
        return replace(_added(link, refusal.twin_id, is_new=False), name=name)
    status = 507 if refusal.code == "no_space" else 422
    return Sent(name, refusal.message, status, code=refusal.code)
