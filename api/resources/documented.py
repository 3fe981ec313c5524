"""The calls that were documented first, for programs that were written for them.

`/api/models/create`, `/api/models/training-images`, `/api/models/start-training` and
`/api/train-model`; the doors for reports are in `api/webhooks.py`.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import File, Form, Status, UploadedFile

from accounts.models import User
from api.auth import SPENDS, id_from_key, person_of, require_scope
from api.idempotency import creating, key_of
from api.problems import FieldError, ProblemError
from api.resources.models import changed, detail, started
from api.routing import may_fail, new_router
from api.schema import LEFT_OUT
from api.schemas.documented import CreateIn, StartIn
from api.schemas.jobs import JobOut
from api.schemas.models import ModelDetailOut
from api.schemas.photos import TakenListOut
from api.taking import take
from models_app.copies import copy_photos
from models_app.errors import NotEditableError
from models_app.models import TrainingImage, UserModel
from models_app.selectors import model_for
from models_app.services import create_draft
from training.drafts import CHANGEABLE
from training.selectors import usual_option

router = new_router("Create and start")


@router.post("/models/create", response={201: ModelDetailOut})
@may_fail(
    "not_found",
    "not_available",
    "trigger_word_refused",
    "not_startable",
    "budget_reached",
    "installation_budget_reached",
)
@creating
def create_model(request: HttpRequest, wishes: CreateIn) -> Status:
    """Make a model; without `skipTraining` its training starts with the photos in `imageIds`.

    Starting needs a token that may spend."""
    if not wishes.skip_training:
        require_scope(request, "spend")
    person = person_of(request)
    photos = _photos(person, wishes.image_ids)
    model = new_model(request, wishes)
    if model.is_editable:
        copy_photos(photos, model)
        if not wishes.skip_training:
            started(model)
    return Status(201, detail(request, model.pk))


@router.post("/models/training-images", response=TakenListOut)
@may_fail("not_editable", "not_found", "photo_refused")
@creating
def add_training_images(
    request: HttpRequest,
    images: list[UploadedFile] = File(
        ..., min_length=1, max_length=100, description="photos, or ZIPs of photos"
    ),
    user_model_id: UUID = Form(
        LEFT_OUT, alias="userModelId", description="left out: a new model without a name keeps them"
    ),
) -> TakenListOut:
    """Add photos to a model. A refused file stops no other; what became of each is said."""
    require_known(request, {"images", "userModelId"})
    person = person_of(request)
    if user_model_id is None:
        model = create_draft(person, draft_id=id_from_key(request, key_of(request), "photos"))
    else:
        model = model_for(person, user_model_id)
    if not model.is_editable:
        raise NotEditableError
    return take(model, images)


@router.post("/models/start-training", response=JobOut, auth=SPENDS)
@may_fail(
    "not_startable", "not_found", "budget_reached", "installation_budget_reached", "not_editable"
)
@creating
def start_training(request: HttpRequest, wishes: StartIn) -> JobOut:
    """Start the training of a model, with its own photos.

    Repeating it returns the training that there is, and pays nothing."""
    model = model_for(person_of(request), wishes.model_id)
    changes = wishes.training_params.changes()
    if changes and model.is_editable and not model.jobs.exists():
        model = changed(model, changes)
    return JobOut.of(started(model))


def new_model(request: HttpRequest, wishes: Any) -> UserModel:
    """Return the model that this call makes: the same one when the call is repeated."""
    person = person_of(request)
    wanted = id_from_key(request, key_of(request), "model")
    model = model_for(person, create_draft(person, draft_id=wanted).pk)
    if model.name:  # a repetition
        return model
    values = {"kind": wishes.kind, **wishes.given()}
    try:
        return changed(model, _complete(values))
    except ProblemError:
        model.delete()
        raise


def require_known(request: HttpRequest, names: set[str]) -> None:
    """Raise ProblemError for a field of the form that nobody knows."""
    unknown = sorted({*request.POST, *request.FILES} - names)
    if unknown:
        errors = [FieldError(name, "extra_forbidden", "Nobody knows this.") for name in unknown]
        raise ProblemError("invalid", errors=errors)


def _complete(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a model, with a base model and trainer where there are any."""
    given = {name: values[name] for name in CHANGEABLE if name in values}
    if "base_model" in given and "provider" in given:
        return given
    usual = usual_option(given.get("base_model", ""), given.get("provider", ""))
    if usual is None:
        return given
    return {**given, "base_model": usual.base_model.key, "provider": usual.provider}


def _photos(person: User, ids: list[UUID]) -> list[TrainingImage]:
    """Return the person's photos with these ids, in this order. Raises ProblemError."""
    found = TrainingImage.objects.filter(pk__in=ids, model__owner=person).in_bulk()
    missing = [index for index, one in enumerate(ids) if one not in found]
    if missing:
        errors = [
            FieldError(f"imageIds.{index}", "not_found", "You have no such photo.")
            for index in missing
        ]
        raise ProblemError("not_found", errors=errors)
    return [found[one] for one in ids]
