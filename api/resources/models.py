"""Models: list, read, change, start, delete."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest
from ninja import Status
from pydantic.alias_generators import to_camel

from api.auth import SPENDS, person_of
from api.conditional import require_match
from api.paging import Cursor, Limit, page
from api.problems import FieldError, ProblemError
from api.routing import may_fail, new_router
from api.schemas.jobs import JobOut
from api.schemas.models import (
    EstimateOut,
    MissingOut,
    ModelDetailOut,
    ModelOut,
    ModelPageOut,
    ModelPatchIn,
)
from jobs import deletion
from jobs.models import JobQueue
from jobs.selectors import latest_job
from models_app.locks import held
from models_app.models import UserModel
from models_app.remote_archives import fetch_of
from models_app.selectors import model_for, models_of
from training import services as training
from training.drafts import InvalidDraftError, change
from training.selectors import estimate, next_idempotency_key, what_is_missing

router = new_router("Models")


@router.get("/models", response=ModelPageOut)
def list_models(request: HttpRequest, cursor: Cursor = "", limit: Limit = 50) -> dict[str, Any]:
    """List your models, newest first."""
    found = page(models_of(person_of(request)), cursor, limit)
    return {**found, "items": [ModelOut.of(model) for model in found["items"]]}


@router.get("/models/{uuid:model_id}", response=ModelDetailOut)
def get_model(request: HttpRequest, model_id: UUID) -> ModelDetailOut:
    """Get one model with its newest training."""
    return detail(request, model_id)


@router.patch("/models/{uuid:model_id}", response=ModelDetailOut)
@may_fail("not_available", "not_editable", "precondition_failed", "trigger_word_refused")
def update_model(request: HttpRequest, model_id: UUID, changes: ModelPatchIn) -> ModelDetailOut:
    """Change a model that is not being trained: the values that are sent, all of them or none."""
    with transaction.atomic():
        changed(_held(request, model_id), changes.given())
        return detail(request, model_id)


@router.delete("/models/{uuid:model_id}", response={204: None})
@may_fail("not_possible", "precondition_failed")
def delete_model(request: HttpRequest, model_id: UUID) -> Status:
    """Delete a model with its photos, weights and pictures, for good.

    Not while a job of it is unfinished: cancel that first."""
    with transaction.atomic():
        deletion.delete_model(_held(request, model_id))
    return Status(204, None)


@router.get("/models/{uuid:model_id}/estimate", response=EstimateOut)
def get_estimate(request: HttpRequest, model_id: UUID) -> EstimateOut:
    """Get what training this model would cost and take, and what is missing for it."""
    model = model_for(person_of(request), model_id)
    expected, missing = estimate(model), what_is_missing(model)
    return EstimateOut(
        is_startable=model.is_editable and not missing,
        missing=[MissingOut(step=one.step, detail=one.text) for one in missing],
        steps=expected.steps,
        price_usd=expected.price_usd,
        price=expected.price_text,
        seconds=expected.seconds,
        time=expected.time_text,
    )


@router.post("/models/{uuid:model_id}/start", response=JobOut, auth=SPENDS)
@may_fail("not_startable", "budget_reached", "installation_budget_reached", "not_possible")
def start_model(request: HttpRequest, model_id: UUID) -> JobOut:
    """Start the training. Repeating it returns the training that there is, and pays nothing.

    To train a failed model again, retry its job."""
    return JobOut.of(started(model_for(person_of(request), model_id)))


def detail(request: HttpRequest, model_id: UUID) -> ModelDetailOut:
    """Return the person's model as it is now. Raises Http404."""
    person = person_of(request)
    model_for(person, model_id)
    model = models_of(person).get(pk=model_id)
    return ModelDetailOut.with_training(model, latest_job(model), fetch_of(model))


def started(model: UserModel) -> JobQueue:
    """Return the model's newest training, started now where there is none yet.

    Raises StartRefusedError and LimitReachedError.
    """
    if job := latest_job(model):
        return job
    try:
        return training.start(model, idempotency_key=next_idempotency_key(model))
    except training.StartRefusedError:
        # Somebody else may have started it in this moment: then that is the answer.
        if job := latest_job(model):
            return job
        raise


def changed(model: UserModel, values: dict[str, Any]) -> UserModel:
    """Change an own draft as the wizard would. Raises ProblemError and NotEditableError."""
    try:
        return change(model, **values)
    except InvalidDraftError as error:
        # Both are known; they cannot be chosen now.
        if {"base_model", "provider"} & error.errors.keys():
            raise ProblemError("not_available", str(error)) from error
        if set(error.errors) == {"trigger_word"}:  # its form is right, its meaning is not
            raise ProblemError("trigger_word_refused", str(error)) from error
        errors = [
            FieldError(to_camel(name), "invalid", text)
            for name, texts in error.errors.items()
            for text in texts
        ]
        raise ProblemError("invalid", errors=errors) from error


def _held(request: HttpRequest, model_id: UUID) -> UserModel:
    """Return the person's model, locked, in the state that the program has seen."""
    model = held(model_for(person_of(request), model_id))
    require_match(request, detail(request, model_id))
    return model
