"""Choosing the part of a photo that is trained on.

With scripts a dialog on the photos step sends the box and gets the new card; without, the same
address is a page of its own, where numbers or a preset decide.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required, login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.limits import LimitReachedError
from dashboard.current_user import current_user
from dashboard.limit_notes import limit_reached
from dashboard.wizard.crop_form import CropForm, presets_for
from dashboard.wizard.edits import Clash, edits_in
from dashboard.wizard.photo_replies import stored
from dashboard.wizard.photos import clash_page, photo_view
from dashboard.wizard.steps import PHOTOS, save_captions
from dashboard.wizard.upload_handlers import wants_json
from models_app.cropping import crop_photo
from models_app.crops import Box
from models_app.edits import merge
from models_app.errors import CropChangedError, NotEditableError, PhotoRefusedError
from models_app.limits import LIMITS
from models_app.models import TrainingImage
from models_app.selectors import photo_for


@login_not_required  # each of the two asks for it, in its own way
@require_http_methods(["GET", "HEAD", "POST"])
def photo_crop(request: HttpRequest, photo_id: uuid.UUID) -> HttpResponseBase:
    """Show the crop of a photo, or change it."""
    if request.method == "POST":
        return _crop(request, photo_id=photo_id)
    return _page(request, photo_id)


@login_required
def _page(request: HttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    photo = photo_for(current_user(request), photo_id)
    if not photo.model.is_editable:
        messages.warning(request, str(NotEditableError()))
        return redirect("dashboard:models")
    return _shown(request, photo, CropForm(None, photo=photo))


@photo_view
def _crop(request: HttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    """Store the box; with `open`, a button among the captions, only the captions."""
    photo = photo_for(current_user(request), photo_id)
    if "open" in request.POST:
        edits = save_captions(photo.model, request.POST)
        if edits.clashes:
            return clash_page(request, photo.model, edits)
        return redirect("dashboard:photo_crop", photo.pk)
    form = CropForm(request.POST, photo=photo)
    if not form.is_valid():
        return _invalid(request, photo, form)
    edits = edits_in(request.POST, {"crop": str(form.box)})
    merged = merge(edits.answers, {"crop": str(photo.box)}, edits.known)
    if merged.clashes:
        return _clash(request, photo, form.box)
    try:
        changed = crop_photo(photo, form.box) if merged.values else photo
    except (PhotoRefusedError, LimitReachedError) as refusal:
        return _refused(request, photo, form, refusal)
    except CropChangedError:
        return _clash(request, photo_for(current_user(request), photo_id), form.box)
    except TrainingImage.DoesNotExist as error:
        raise Http404("It was removed meanwhile.") from error
    if wants_json(request):
        return JsonResponse(stored(request, changed.model, changed))
    return redirect(_place_of(changed))


def _clash(request: HttpRequest, photo: TrainingImage, box: Box) -> HttpResponse:
    """Show the crop that was chosen here beside the one of another page; nothing is stored."""
    clash = Clash("crop", box.in_words, photo.box.in_words, str(photo.box), "crop-form")
    if wants_json(request):
        html = render_to_string("wizard/_clash.html", {"clash": clash})
        told = {"other": photo.box.as_json(), "html": html}
        return JsonResponse({"clash": told}, status=409)
    form = CropForm(box.as_json(), photo=photo)
    return _shown(request, photo, form, status=409, clash=clash, was=_known(request))


def _known(request: HttpRequest) -> list[str]:
    return request.POST.getlist("was-crop")


def _refused(
    request: HttpRequest,
    photo: TrainingImage,
    form: CropForm,
    refusal: PhotoRefusedError | LimitReachedError,
) -> HttpResponse:
    if isinstance(refusal, LimitReachedError) and wants_json(request):
        return limit_reached(refusal)
    form.add_error(None, str(refusal))
    return _invalid(request, photo, form)


def _invalid(request: HttpRequest, photo: TrainingImage, form: CropForm) -> HttpResponse:
    if wants_json(request):
        said = [str(text) for texts in form.errors.values() for text in texts]
        return JsonResponse({"message": " ".join(said)}, status=422)
    return _shown(request, photo, form, status=422, was=_known(request) or [str(photo.box)])


def _shown(
    request: HttpRequest, photo: TrainingImage, form: CropForm, status: int = 200, **extra: Any
) -> HttpResponse:
    context = {
        "photo": photo,
        "was": [str(photo.box)],
        "form": form,
        "presets": presets_for(photo),
        "limits": LIMITS,
        "is_small": LIMITS.is_below_recommended(*photo.trained_size),
        "back": _place_of(photo),
    }
    return render(request, "wizard/crop.html", context | extra, status=status)


def _place_of(photo: TrainingImage) -> str:
    """Return where the photo is in the wizard."""
    return f"{reverse('dashboard:wizard', args=[photo.model_id, PHOTOS.slug])}#photo-{photo.pk}"
