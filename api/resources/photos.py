"""The photos of a model: list, caption, order, crop, remove, fetch."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Annotated, Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from ninja import Query, Status

from api.auth import person_of
from api.conditional import require_match
from api.files import OF_PICTURES, file_answer
from api.routing import may_fail, new_router
from api.schemas.photos import CaptionsIn, PhotoListOut, PhotoOut, PhotoPatchIn
from models_app.caption_services import set_caption
from models_app.cropping import Crop, crop_made, save_crop
from models_app.crops import Box
from models_app.locks import held, locked_owner
from models_app.models import TrainingImage
from models_app.selectors import model_for, photo_for, photos_of
from models_app.services import move_photo, remove_photo
from models_app.serving.stored import PHOTO_SIZES, field_of

router = new_router("Photos")

PhotoSize = Annotated[
    str, Query(pattern="^(full|thumbnail|trained)$", description="full, thumbnail or trained")
]


@router.get("/models/{uuid:model_id}/photos", response=PhotoListOut)
def list_photos(request: HttpRequest, model_id: UUID) -> PhotoListOut:
    """List the photos of a model in your order: at most 50."""
    model = model_for(person_of(request), model_id)
    return PhotoListOut(items=[PhotoOut.of(photo) for photo in photos_of(model)])


@router.get("/photos/{uuid:photo_id}", response=PhotoOut)
def get_photo(request: HttpRequest, photo_id: UUID) -> PhotoOut:
    """Get one photo."""
    return PhotoOut.of(photo_for(person_of(request), photo_id))


@router.patch("/photos/{uuid:photo_id}", response=PhotoOut)
@may_fail("not_editable", "precondition_failed", "photo_refused", "conflict")
def update_photo(request: HttpRequest, photo_id: UUID, changes: PhotoPatchIn) -> PhotoOut:
    """Change a photo's caption, its place or the part of it that is trained on."""
    photo = photo_for(person_of(request), photo_id)
    require_match(request, PhotoOut.of(photo))
    given = changes.given()
    with _crop_in(given, photo) as crop, transaction.atomic():
        photo = _held(request, photo)
        if crop:
            save_crop(crop)
        if "caption" in given:
            set_caption(photo, caption=given["caption"])
        if "position" in given:
            move_photo(photo, places=given["position"] - photo.position)
    return PhotoOut.of(photo_for(person_of(request), photo_id))


def _crop_in(given: dict[str, Any], photo: TrainingImage) -> AbstractContextManager[Crop | None]:
    """Return the crop that is asked for, which is made on entering; null is all of the photo."""
    if "crop" not in given:
        return nullcontext()
    box = given["crop"]
    return crop_made(photo, Box.whole(photo.width, photo.height) if box is None else Box(**box))


def _held(request: HttpRequest, photo: TrainingImage) -> TrainingImage:
    """Return the photo, its owner and model locked, in the state that the program has seen."""
    locked_owner(photo.model)  # first, as wherever photos are stored: else two wait for each other
    held(photo.model)
    photo = photo_for(person_of(request), photo.pk)
    require_match(request, PhotoOut.of(photo))
    return photo


@router.delete("/photos/{uuid:photo_id}", response={204: None})
@may_fail("not_editable", "precondition_failed")
def delete_photo(request: HttpRequest, photo_id: UUID) -> Status:
    """Remove a photo with its files, for good."""
    with transaction.atomic():
        remove_photo(_held(request, photo_for(person_of(request), photo_id)))
    return Status(204, None)


@router.get("/photos/{uuid:photo_id}/file", openapi_extra=OF_PICTURES)
@may_fail("gone", "range_not_satisfiable")
def get_photo_file(
    request: HttpRequest, photo_id: UUID, size: PhotoSize = "full"
) -> HttpResponseBase:
    """Fetch a photo's file, whole or a range of it."""
    photo = photo_for(person_of(request), photo_id)
    return file_answer(request, getattr(photo, field_of(size, PHOTO_SIZES)))


@router.patch("/models/{uuid:model_id}/captions", response=PhotoListOut)
@may_fail("not_editable")
def update_captions(request: HttpRequest, model_id: UUID, changes: CaptionsIn) -> PhotoListOut:
    """Change the captions of several photos at once: all or none."""
    model = model_for(person_of(request), model_id)
    with transaction.atomic():
        for photo in photos_of(model).filter(pk__in=changes.captions):
            photo.model = model
            set_caption(photo, caption=changes.captions[photo.pk])
    return PhotoListOut(items=[PhotoOut.of(photo) for photo in photos_of(model)])
