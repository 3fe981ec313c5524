"""What a generation job does at its provider and with its result."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from generation import receiving
from generation.links import signed_weights_url
from generation.models import GeneratedImage
from jobs.kinds import BadResult, Report
from jobs.models import JobQueue
from models_app.models import UserModel
from providers.base import Provider
from providers.catalog import base_model
from providers.errors import RequestRejected
from providers.types import GenerationRequest, Lora, Output, Run, WorkKind


class GenerationWork:
    """From a prompt to stored pictures."""

    kind = WorkKind.GENERATION.value
    time_limit = timedelta(hours=6)

    def prepare(self, job: JobQueue, provider: Provider) -> GenerationRequest:
        """Describe the pictures; nothing has to be uploaded."""
        model, asked = _model_of(job), job.payload
        return GenerationRequest(
            correlation=job.correlation,
            base_model=asked["base_model"],
            prompt=asked["prompt"],
            width=asked["width"],
            height=asked["height"],
            count=asked["count"],
            seed=asked["seed"],
            lora=Lora(_weights_for(model, job), asked["strength"]),
        )

    def submit(
        self, job: JobQueue, provider: Provider, request: GenerationRequest, *, not_after: float
    ) -> Run:
        return provider.generate(request, not_after=not_after)

    def result_of(self, job: JobQueue, run: Run) -> dict[str, Any]:
        """Remember where the pictures are; those that came with the answer are kept at once."""
        return {"outputs": [_kept(job, number, out) for number, out in enumerate(run.outputs)]}

    def finish(self, job: JobQueue, provider: Provider, report: Report) -> dict[str, Any]:
        """Fetch, check and store every picture that is not here yet."""
        model, outputs = _model_of(job), job.result.get("outputs", [])
        if not outputs:
            raise BadResult("bad_picture", "the answer held no picture")
        for index, kept in enumerate(outputs):
            if GeneratedImage.objects.filter(job=job, index=index).exists():
                continue
            with provider.download_output(_output(kept)) as download:
                picture = receiving.read_picture(download)
            receiving.store(job, model, index, picture)
            report(f"Picture {index + 1} of {len(outputs)}")
        _forget_kept(outputs)
        return {"pictures": len(outputs)}

    def moved(self, job: JobQueue) -> None:
        """Pictures change nothing about their model."""


def _model_of(job: JobQueue) -> UserModel:
    if job.model is None:
        raise RequestRejected(job.provider, "The model was deleted.")
    return job.model


def _weights_for(model: UserModel, job: JobQueue) -> str:
    """How this provider finds the weights: by its own name for them, or fetched from us."""
    offer = base_model(job.payload["base_model"]).generation[job.provider]
    return model.remote_ref if offer.only_own_weights else signed_weights_url(model)


def _kept(job: JobQueue, number: int, output: Output) -> dict[str, str]:
    if output.url:
        return {"url": output.url}
    name = f"pictures/{job.model_id}/incoming/{job.pk}-{number}"
    default_storage.delete(name)
    return {"file": default_storage.save(name, ContentFile(output.data))}


def _output(kept: dict[str, str]) -> Output:
    if "url" in kept:
        return Output(url=kept["url"])
    with default_storage.open(kept["file"]) as file:
        return Output(data=file.read())


def _forget_kept(outputs: list[dict[str, str]]) -> None:
    for kept in outputs:
        if "file" in kept:
            default_storage.delete(kept["file"])
