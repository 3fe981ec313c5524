"""Takes what an uploader sends into a draft, and tells it what became of it.

Handlers get the draft: whoever calls them has asked whose it is.
"""

from __future__ import annotations

from typing import Protocol

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.utils.translation import gettext as _

from accounts.limits import LimitReachedError
from dashboard.limit_notes import limit_reached
from dashboard.wizard.photo_replies import live, stored
from models_app.captions import CaptionError, read_caption
from models_app.errors import PhotoRefusedError
from models_app.models import TrainingImage, UserModel
from models_app.selectors import photo_for
from models_app.services import add_photo
from models_app.uploaded_sets import archive_in


class Replies(Protocol):
    """How the page that sends files is told what became of one."""

    take_archives: bool
    came_by: str

    def stored(
        self, request: HttpRequest, draft: UserModel, photo: TrainingImage, *, is_new: bool
    ) -> JsonResponse:
        """Return the answer to a photo; not `is_new` where it was given before."""

    def refused(
        self, request: HttpRequest, draft: UserModel, refusal: PhotoRefusedError
    ) -> JsonResponse:
        """Return why a file was refused."""

    def limited(self, reached: LimitReachedError) -> JsonResponse:
        """Return that a limit of the owner's is reached."""


class WizardReplies:
    """To the owner: with the photo's card and the new advice."""

    take_archives = True
    came_by = ""

    def stored(
        self, request: HttpRequest, draft: UserModel, photo: TrainingImage, *, is_new: bool
    ) -> JsonResponse:
        return JsonResponse(stored(request, draft, photo), status=201)

    def refused(
        self, request: HttpRequest, draft: UserModel, refusal: PhotoRefusedError
    ) -> JsonResponse:
        """Where it is a photo that is there already, with its card."""
        reply = {"code": refusal.code, "message": refusal.message}
        if refusal.twin_id:
            # The reply to an earlier try may be lost, so that the page does not show it yet.
            reply |= stored(request, draft, photo_for(draft.owner, refusal.twin_id))
        return JsonResponse(reply, status=507 if refusal.code == "no_space" else 422)

    def limited(self, reached: LimitReachedError) -> JsonResponse:
        return limit_reached(reached)


WIZARD = WizardReplies()


def wants_json(request: HttpRequest) -> bool:
    """Return whether a script asks, which shows the answer by itself."""
    return request.headers.get("Accept", "").startswith("application/json")


def take_upload(request: HttpRequest, draft: UserModel) -> HttpResponseBase:
    """Take one photo in and return its card and the new advice, or why it was refused; of an
    archive, that for each of its photos. Raises NotEditableError."""
    uploads = request.FILES.getlist("photos")
    if not uploads:  # so also where its name is not UTF-8, which makes the part unreadable
        text = _("No photo arrived. Choose one, or send it under another name.")
        return JsonResponse({"message": text}, status=400)
    if len(uploads) != 1:
        return JsonResponse({"message": _("Upload one photo at a time.")}, status=400)
    try:
        return _taken(request, draft, uploads[0])
    except PhotoRefusedError as error:
        return WIZARD.refused(request, draft, error)
    except LimitReachedError as reached:
        return WIZARD.limited(reached)


def caption_in(request: HttpRequest) -> str:
    """Return the caption in the text file that was sent with a photo; "" where it cannot be one."""
    upload = request.FILES.get("caption")
    try:
        return read_caption(upload.file) if upload and upload.file else ""
    except CaptionError:
        return ""


def number_in(request: HttpRequest, field: str) -> int | None:
    """Return a whole number in the form, None where there is none."""
    text = request.POST.get(field, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def _taken(request: HttpRequest, draft: UserModel, upload: UploadedFile[bytes]) -> HttpResponseBase:
    # When the person chose the photo, as the uploader says: uploads end in any order.
    chosen = number_in(request, "chosen")
    if photos := archive_in(upload):
        return live(request, draft, photos, chosen)
    photo = add_photo(draft, upload=upload, chosen=chosen, caption=caption_in(request))
    return WIZARD.stored(request, draft, photo, is_new=True)
