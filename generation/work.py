"""What a generation job does at its provider and with its result."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.translation import gettext_noop

from generation import image_files
from generation.links import signed_weights_url
from generation.models import GeneratedImage
from jobs.models import JobQueue
from jobs.work import InvalidResultError, Report
from models_app.models import UserModel
from providers.base import Provider
from providers.errors import RequestRejectedError
from providers.registry import CLASSES
from providers.types import GenerationRequest, Lora, Output, Run, WorkKind


class GenerationWork:
    """From a prompt to stored images."""

    kind = WorkKind.GENERATION.value
    time_limit = timedelta(hours=6)

    def prepare(self, job: JobQueue, provider: Provider) -> GenerationRequest:
        """Describe the images; nothing has to be uploaded."""
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
        """Remember where the images are; those that came with the answer are stored at once."""
        return {"outputs": [_remember(job, number, out) for number, out in enumerate(run.outputs)]}

    def collect(self, job: JobQueue, provider: Provider, report: Report) -> dict[str, Any]:
        """Fetch, check and store every image that is not here yet."""
        model, outputs = _model_of(job), job.result.get("outputs", [])
        if not outputs:
            raise InvalidResultError("bad_image", "the answer held no image")
        for index, remembered in enumerate(outputs):
            if GeneratedImage.objects.filter(job=job, index=index).exists():
                continue
            with provider.download_output(_output(remembered)) as download:
                image = image_files.read_image(download)
            image_files.store(job, model, index, image)
            report(f"Picture {index + 1} of {len(outputs)}")
        _delete_inline(outputs)
        return {"images": len(outputs)}

    def on_transition(self, job: JobQueue) -> None:
        """Images change nothing about their model."""


def _model_of(job: JobQueue) -> UserModel:
    if job.model is None:
        raise RequestRejectedError(job.provider, gettext_noop("The model was deleted."))
    return job.model


def _weights_for(model: UserModel, job: JobQueue) -> str:
    """How this provider finds the weights: by its own name for them, or at a signed address."""
    offer = CLASSES[job.provider].generation_offers[job.payload["base_model"]]
    return model.remote_ref if offer.only_own_weights else signed_weights_url(model)


def _remember(job: JobQueue, number: int, output: Output) -> dict[str, str]:
    if output.url:
        return {"url": output.url}
    name = f"images/{job.model_id}/incoming/{job.pk}-{number}"
    default_storage.delete(name)
    return {"file": default_storage.save(name, ContentFile(output.data))}


def _output(remembered: dict[str, str]) -> Output:
    if "url" in remembered:
        return Output(url=remembered["url"])
    with default_storage.open(remembered["file"]) as file:
        return Output(data=file.read())


def _delete_inline(outputs: list[dict[str, str]]) -> None:
    for remembered in outputs:
        if "file" in remembered:
            default_storage.delete(remembered["file"])
