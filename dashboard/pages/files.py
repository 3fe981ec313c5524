"""Stored files, for their owners' browsers."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.db.models.fields.files import FieldFile
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard.current_user import current_user
from generation import links
from generation.selectors import image_for
from models_app.file_names import weights_name
from models_app.models import UserModel
from models_app.selectors import model_for, photo_for
from models_app.serving.stored import PHOTO_SIZES, SIZES, FileGoneError, Stored, field_of, stored
from training.kohya import KohyaFile, OtherNamesError
from training.selectors import has_kohya_names, sample_for


@require_safe
def photo_file(request: HttpRequest, photo_id: UUID, size: str) -> HttpResponseBase:
    photo = photo_for(current_user(request), photo_id)
    return _stored(request, getattr(photo, field_of(size, PHOTO_SIZES)))


@require_safe
def image_file(request: HttpRequest, image_id: UUID, size: str) -> HttpResponseBase:
    image = image_for(current_user(request), image_id)
    return _stored(request, getattr(image, field_of(size, SIZES)))


@require_safe
def sample_file(request: HttpRequest, sample_id: UUID, size: str) -> HttpResponseBase:
    sample = sample_for(current_user(request), sample_id)
    return _stored(request, getattr(sample, field_of(size, SIZES)))


@require_safe
def weights(request: HttpRequest, model_id: UUID) -> HttpResponseBase:
    """Send the trained weights to their owner."""
    return _weights_of(request, model_for(current_user(request), model_id))


@require_safe
def kohya_weights(request: HttpRequest, model_id: UUID) -> HttpResponseBase:
    """Send them under kohya's names, where the model is of a kind that programs know by these."""
    model = model_for(current_user(request), model_id)
    if not has_kohya_names(model):
        raise Http404("These weights have one kind of names only.")
    try:
        return _stored(request, KohyaFile(model.weights), download_as=weights_name(model, "kohya"))
    except OtherNamesError:
        raise Http404("These weights have other names already.") from None


@login_not_required  # a provider fetches it: the signature in the address is the permission
@require_safe
def signed_weights(request: HttpRequest, token: str) -> HttpResponseBase:
    return _weights_of(request, links.model_from_signature(token))


def _weights_of(request: HttpRequest, model: UserModel) -> HttpResponseBase:
    return _stored(request, model.weights, download_as=weights_name(model))


def _stored(
    request: HttpRequest, file: FieldFile | Stored, *, download_as: str = ""
) -> HttpResponseBase:
    """Stream `file`; a page says where the storage has lost it."""
    try:
        return stored(request, file, download_as=download_as)
    except FileGoneError:
        return render(request, "gone.html", status=410)
