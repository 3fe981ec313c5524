"""Pictures: ask for some, see them, fetch them, delete them; and the weights they are made with."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponseBase
from ninja import Status

from api.auth import SPENDS, person_of
from api.files import OF_PICTURES, OF_WEIGHTS, Size, file_answer
from api.idempotency import creating, key_of
from api.paging import Cursor, Limit, page
from api.problems import FieldError, ProblemError
from api.routing import may_fail, new_router
from api.schemas.jobs import JobOut
from api.schemas.pictures import (
    BatchOut,
    BatchPageOut,
    GenerateIn,
    GeneratorOut,
    PictureOut,
    PicturePageOut,
)
from generation import services as generation
from generation.selectors import image_for, images_of, images_of_jobs, options_for
from jobs.models import JobQueue
from jobs.selectors import job_for, jobs_of
from models_app.file_names import weights_name
from models_app.models import UserModel
from models_app.selectors import model_for
from models_app.serving.stored import SIZES, field_of

router = new_router("Pictures")


@router.get("/models/{uuid:model_id}/weights", openapi_extra=OF_WEIGHTS)
@may_fail("gone", "range_not_satisfiable")
def get_weights(request: HttpRequest, model_id: UUID) -> HttpResponseBase:
    """Fetch the trained weights as safetensors, whole or a range of them."""
    model = model_for(person_of(request), model_id)
    return file_answer(request, model.weights, download_as=weights_name(model))


@router.get("/models/{uuid:model_id}/generators", response=list[GeneratorOut])
def list_generators(request: HttpRequest, model_id: UUID) -> list[GeneratorOut]:
    """List who could make pictures with a model, whether they can now, and what one costs."""
    model = model_for(person_of(request), model_id)
    if model.status != UserModel.Status.READY:
        return []
    return [GeneratorOut.of(option) for option in options_for(model)]


@router.post("/models/{uuid:model_id}/pictures", response={202: BatchOut}, auth=SPENDS)
@may_fail("not_possible", "budget_reached", "installation_budget_reached")
@creating
def generate_pictures(request: HttpRequest, model_id: UUID, wishes: GenerateIn) -> Status:
    """Ask for pictures. Each call is a new batch, unless it has the Idempotency-Key of another."""
    model = model_for(person_of(request), model_id)
    values = {"negative_prompt": None, "steps": None, "guidance": None, **wishes.given()}
    job = generation.create(
        model,
        idempotency_key=key_of(request),
        prompt=wishes.prompt,
        ratio=wishes.ratio,
        count=wishes.count,
        seed=wishes.seed,
        strength=wishes.strength,
        provider=wishes.provider or _first(model),
        **{name: values[name] for name in generation.DETAILS},
    )
    return Status(202, _batches([job])[0])


@router.get("/batches", response=BatchPageOut)
def list_batches(request: HttpRequest, cursor: Cursor = "", limit: Limit = 50) -> dict[str, Any]:
    """List what pictures you have asked for, newest first."""
    rows = jobs_of(person_of(request)).filter(kind=JobQueue.Kind.GENERATION)
    found = page(rows, cursor, limit)
    return {**found, "items": _batches(found["items"])}


@router.get("/batches/{uuid:batch_id}", response=BatchOut)
def get_batch(request: HttpRequest, batch_id: UUID) -> BatchOut:
    """Get one batch with the pictures that there are already."""
    job = job_for(person_of(request), batch_id)
    if job.kind != JobQueue.Kind.GENERATION:
        raise ProblemError("not_found")
    return _batches([job])[0]


@router.get("/pictures", response=PicturePageOut)
def list_pictures(
    request: HttpRequest, model_id: UUID | None = None, cursor: Cursor = "", limit: Limit = 50
) -> dict[str, Any]:
    """List your pictures, newest first, of one model or of all."""
    rows = images_of(person_of(request))
    found = page(rows.filter(model_id=model_id) if model_id else rows, cursor, limit)
    return {**found, "items": [PictureOut.of(image) for image in found["items"]]}


@router.get("/pictures/{uuid:picture_id}", response=PictureOut)
def get_picture(request: HttpRequest, picture_id: UUID) -> PictureOut:
    """Get one picture with what it was made from."""
    return PictureOut.of(image_for(person_of(request), picture_id))


@router.get("/pictures/{uuid:picture_id}/file", openapi_extra=OF_PICTURES)
@may_fail("gone", "range_not_satisfiable")
def get_picture_file(
    request: HttpRequest, picture_id: UUID, size: Size = "full"
) -> HttpResponseBase:
    """Fetch a picture's file, whole or a range of it."""
    image = image_for(person_of(request), picture_id)
    return file_answer(request, getattr(image, field_of(size, SIZES)))


@router.delete("/pictures/{uuid:picture_id}", response={204: None})
def delete_picture(request: HttpRequest, picture_id: UUID) -> Status:
    """Delete a picture with its files, for good."""
    generation.delete_image(image_for(person_of(request), picture_id))
    return Status(204, None)


def _first(model: UserModel) -> str:
    """Return the first provider that can make pictures with a model now. Raises ProblemError."""
    if model.status != UserModel.Status.READY:
        raise ProblemError("not_possible", "This model is not trained yet.")
    options = options_for(model)
    for option in options:
        if option.is_available:
            return option.provider
    reasons = [FieldError("provider", "invalid", f"{one.label}: {one.reason}") for one in options]
    raise ProblemError("not_possible", errors=reasons)


def _batches(jobs: list[JobQueue]) -> list[BatchOut]:
    """Return jobs with their pictures, in one query."""
    found: dict[UUID, list[PictureOut]] = {job.pk: [] for job in jobs}
    for image in images_of_jobs(found):
        if image.job_id:
            found[image.job_id].append(PictureOut.of(image))
    return [
        BatchOut(
            job=JobOut.of(job),
            prompt=str(job.payload.get("prompt", "")),
            count=int(job.payload.get("count", 0)),
            pictures=found[job.pk],
        )
        for job in jobs
    ]
