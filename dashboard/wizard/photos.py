"""Adding, ordering, captioning and removing photos.

The same URLs serve the uploader (one photo or archive per request, JSON back), htmx (grid and
advice back) and plain forms (a redirect, with messages).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect, HttpResponseStopPolling

from accounts.sign_in_first import page_of
from dashboard.current_user import current_user
from dashboard.wizard.caption_context import notes_fragments
from dashboard.wizard.context import page_context, photos_context
from dashboard.wizard.edits import Edits, caption_clash, edits_in, news
from dashboard.wizard.partial_handlers import PART_METHODS, begin_parts, carry_on
from dashboard.wizard.plain_uploads import take_in_plainly
from dashboard.wizard.steps import PHOTOS, caption_field, finished, save_captions
from dashboard.wizard.upload_handlers import take_upload, wants_json
from models_app.errors import NotEditableError
from models_app.limits import LIMITS
from models_app.models import TrainingImage, UserModel
from models_app.selectors import model_for, photo_for
from models_app.services import move_photo, place_photo, remove_photo

View = Callable[..., HttpResponseBase]


def answers_scripts(view: View) -> View:
    """Answer scripts, too, when nobody is signed in or the model cannot be changed.

    A plain redirect would give a script the HTML of the sign-in page with status 200.
    """

    @wraps(view)
    def wrapped(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return _redirect(request, _sign_in_address(request), _("You are signed out."), 401)
        try:
            return view(request, **kwargs)
        except NotEditableError as refusal:
            return _redirect(request, reverse("dashboard:models"), str(refusal), 409)

    return wrapped


def photo_view(view: View) -> View:
    """A form's or a script's button: POST only, and answers as `answers_scripts` does."""
    return login_not_required(require_POST(answers_scripts(view)))


@photo_view
def photo_upload(request: HttpRequest, model_id: uuid.UUID) -> HttpResponseBase:
    """Store uploaded photos, and those in uploaded archives. A refused one stops no other."""
    model = own_draft(request, model_id)
    if wants_json(request):
        return take_upload(request, model)
    uploads = request.FILES.getlist("photos")
    take_in_plainly(request, model, uploads)
    if not uploads:
        messages.warning(request, _("Choose some photos first."))
    return _photos_page(model)


@photo_view
def photo_parts(request: HttpRequest, model_id: uuid.UUID) -> HttpResponseBase:
    """Begin an upload that arrives in parts."""
    return begin_parts(request, own_draft(request, model_id))


@login_not_required
@require_http_methods(PART_METHODS)
@answers_scripts
def photo_part(request: HttpRequest, model_id: uuid.UUID, upload_id: uuid.UUID) -> HttpResponseBase:
    """Say how much has arrived, take another part, or give the upload up."""
    return carry_on(request, own_draft(request, model_id), upload_id)


@photo_view
def photo_remove(request: HttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    photo = photo_for(current_user(request), photo_id)
    return _beside_captions(request, photo.model, partial(remove_photo, photo))


@photo_view
def photo_move(request: HttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    """Move a photo: before the photo in `before`, to the end where that is blank; without it one
    place, `direction` being "earlier" or "later"."""
    photo = photo_for(current_user(request), photo_id)
    change: Callable[[], object]
    if "before" in request.POST:
        change = partial(_place, photo, request.POST["before"])
    else:
        places = -1 if request.POST.get("direction") == "earlier" else 1
        change = partial(move_photo, photo, places=places)
    return _beside_captions(request, photo.model, change)


def _place(photo: TrainingImage, before: str) -> None:
    """Put a photo before another. Raises Http404 where that is none of the same draft."""
    try:
        place_photo(photo, before=uuid.UUID(before) if before else None)
    except (ValueError, TrainingImage.DoesNotExist):
        raise Http404 from None


@photo_view
def photo_caption(request: HttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    """Save one caption, unless it was changed elsewhere too."""
    photo = photo_for(current_user(request), photo_id)
    name = caption_field(photo)
    answers = {name: request.POST.get("caption", "")[: LIMITS.max_caption]}
    saved = PHOTOS.save(photo.model, edits_in(request.POST, answers), is_whole=False)
    clash = caption_clash(name, saved.edits)
    told = news(request, saved.before, saved.after, [clash] if clash else [])
    fragments = notes_fragments(request, photo.model)
    return JsonResponse({"caption": saved.after.get(name, ""), "fragments": fragments} | told)


@require_safe
def photo_advice(request: HttpRequest, model_id: uuid.UUID) -> HttpResponse:
    """Return the advice and the photos' notes, for a page that waits for photos to be measured.

    The last answer has the status that ends htmx's polling.
    """
    context = photos_context(model_for(current_user(request), model_id))
    is_over = not context["advice"].waiting
    status = HttpResponseStopPolling.status_code if is_over else 200
    return render(request, "wizard/_advice_and_notes.html", context, status=status)


def own_draft(request: HttpRequest, model_id: uuid.UUID) -> UserModel:
    """Return the person's own draft. Raises Http404, and NotEditableError once it was started."""
    user = current_user(request)
    model = model_for(user, model_id)
    model.owner = user  # the same row: saves a query
    if not model.is_editable:
        raise NotEditableError
    return model


def _beside_captions(
    request: HttpRequest, model: UserModel, change: Callable[[], object]
) -> HttpResponse:
    """Save the captions that come with a button of a photo, and do what it says.

    Without scripts nothing is done while a caption clashes: its page could not be shown again.
    """
    edits = save_captions(model, request.POST)
    is_part = getattr(request, "htmx", False)
    if edits.clashes and not is_part:
        return clash_page(request, model, edits)
    change()
    if is_part:
        return render(request, "wizard/_grid_and_advice.html", photos_context(model, edits))
    return _photos_page(model)


def clash_page(request: HttpRequest, model: UserModel, edits: Edits) -> HttpResponse:
    """Show the photos with the captions that were changed elsewhere too."""
    form = PHOTOS.shown_form(model)
    context = page_context(request, PHOTOS, model, form, finished(model), edits)
    return render(request, "wizard/photos.html", context | {"then": PHOTOS.slug}, status=409)


def _photos_page(model: UserModel) -> HttpResponse:
    return redirect("dashboard:wizard", model.pk, PHOTOS.slug)


def _sign_in_address(request: HttpRequest) -> str:
    """Return the sign-in URL that leads back to the page the request came from."""
    return redirect_to_login(page_of(request) or reverse("dashboard:models"))["Location"]


def _redirect(request: HttpRequest, address: str, reason: str, status: int) -> HttpResponse:
    """Send a browser, htmx or a script to `address`, with the reason."""
    if wants_json(request):
        return JsonResponse({"message": reason, "address": address}, status=status)
    messages.warning(request, reason)
    if getattr(request, "htmx", False):
        return HttpResponseClientRedirect(address)
    return redirect(address)
