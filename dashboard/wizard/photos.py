"""Adding, ordering, captioning and removing photos.

The same URLs serve the uploader (one photo or archive per request, JSON back), htmx (grid and
advice back) and plain forms (a redirect, with messages).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRedirect

from accounts.limits import LimitReachedError
from dashboard.current_user import current_user
from dashboard.limit_notes import limit_reached
from dashboard.wizard.caption_context import notes_fragments
from dashboard.wizard.context import photos_context
from dashboard.wizard.photo_replies import live, stored
from dashboard.wizard.plain_uploads import archive_in, take_in_plainly
from dashboard.wizard.steps import PHOTOS, save_captions
from models_app.caption_services import set_caption
from models_app.captions import CaptionError, read_caption
from models_app.errors import NotEditableError, PhotoRefusedError
from models_app.limits import LIMITS
from models_app.models import UserModel
from models_app.selectors import model_for, photo_for
from models_app.services import add_photo, move_photo, remove_photo

View = Callable[..., HttpResponseBase]


def photo_view(view: View) -> View:
    """Answer scripts, too, when nobody is signed in or the model cannot be changed.

    A plain redirect would give a script the HTML of the sign-in page with status 200.
    """

    @login_not_required
    @require_POST
    @wraps(view)
    def wrapped(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return _redirect(request, _sign_in_address(request), _("You are signed out."), 401)
        try:
            return view(request, **kwargs)
        except NotEditableError as refusal:
            return _redirect(request, reverse("dashboard:models"), str(refusal), 409)

    return wrapped


@photo_view
def photo_upload(request: HttpRequest, model_id: uuid.UUID) -> HttpResponseBase:
    """Store uploaded photos, and those in uploaded archives. A refused one stops no other."""
    user = current_user(request)
    model = model_for(user, model_id)
    model.owner = user  # the same row: saves a query
    if not model.is_editable:
        raise NotEditableError
    uploads = request.FILES.getlist("photos")
    if wants_json(request):
        return _upload_one(request, model, uploads)
    take_in_plainly(request, model, uploads)
    if not uploads:
        messages.warning(request, _("Choose some photos first."))
    return _photos_page(model)


@photo_view
def photo_remove(request: HttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    photo = photo_for(current_user(request), photo_id)
    save_captions(photo.model, request.POST)
    remove_photo(photo)
    return _grid_and_advice(request, photo.model)


@photo_view
def photo_move(request: HttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    """Move a photo one place: `direction` is "earlier" or "later"."""
    photo = photo_for(current_user(request), photo_id)
    save_captions(photo.model, request.POST)
    move_photo(photo, places=-1 if request.POST.get("direction") == "earlier" else 1)
    return _grid_and_advice(request, photo.model)


@photo_view
def photo_caption(request: HttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    """Save one caption."""
    photo = photo_for(current_user(request), photo_id)
    set_caption(photo, caption=request.POST.get("caption", "")[: LIMITS.max_caption])
    fragments = notes_fragments(request, photo.model)
    return JsonResponse({"caption": photo.caption, "fragments": fragments})


def _upload_one(
    request: HttpRequest, model: UserModel, uploads: list[UploadedFile[bytes]]
) -> HttpResponseBase:
    """Return the photo's card and the new advice, or why the photo was refused; of an archive, that
    for each of its photos."""
    if not uploads:  # so also where its name is not UTF-8, which makes the part unreadable
        text = _("No photo arrived. Choose one, or send it under another name.")
        return JsonResponse({"message": text}, status=400)
    if len(uploads) != 1:
        return JsonResponse({"message": _("Upload one photo at a time.")}, status=400)
    try:
        if photos := archive_in(uploads[0]):
            return live(request, model, photos, _chosen(request))
        caption = _caption(request)
        photo = add_photo(model, upload=uploads[0], chosen=_chosen(request), caption=caption)
    except PhotoRefusedError as refusal:
        reply = {"code": refusal.code, "message": refusal.message}
        if refusal.twin_id:
            # The reply to an earlier try may be lost, so that the page does not show the photo yet.
            reply |= stored(request, model, photo_for(model.owner, refusal.twin_id))
        return JsonResponse(reply, status=507 if refusal.code == "no_space" else 422)
    except LimitReachedError as reached:
        return limit_reached(reached)
    return JsonResponse(stored(request, model, photo), status=201)


def _caption(request: HttpRequest) -> str:
    """Return the caption in the text file that was sent with a photo; "" where it cannot be one."""
    upload = request.FILES.get("caption")
    try:
        return read_caption(upload.file) if upload and upload.file else ""
    except CaptionError:
        return ""


def _chosen(request: HttpRequest) -> int | None:
    """Return when the person chose the photo, as the uploader says: uploads end in any order."""
    text = request.POST.get("chosen", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def _grid_and_advice(request: HttpRequest, model: UserModel) -> HttpResponse:
    if getattr(request, "htmx", False):
        return render(request, "wizard/_grid_and_advice.html", photos_context(model))
    return _photos_page(model)


def _photos_page(model: UserModel) -> HttpResponse:
    return redirect("dashboard:wizard", model.pk, PHOTOS.slug)


def _sign_in_address(request: HttpRequest) -> str:
    """Return the sign-in URL that leads back to the page the request came from."""
    page = request.headers.get("Referer", "")
    path = page.removeprefix(f"{request.scheme}://{request.get_host()}")
    is_ours = path.startswith("/") and not path.startswith("//")
    return redirect_to_login(path if is_ours else reverse("dashboard:models"))["Location"]


def _redirect(request: HttpRequest, address: str, reason: str, status: int) -> HttpResponse:
    """Send a browser, htmx or a script to `address`, with the reason."""
    if wants_json(request):
        return JsonResponse({"message": reason, "address": address}, status=status)
    messages.warning(request, reason)
    if getattr(request, "htmx", False):
        return HttpResponseClientRedirect(address)
    return redirect(address)


def wants_json(request: HttpRequest) -> bool:
    """Whether a script asks."""
    return request.headers.get("Accept", "").startswith("application/json")
