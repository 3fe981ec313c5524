"""What a generation job does at its provider and with its result."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.translation import gettext, gettext_noop

from generation import image_files, weights_copies
from generation.links import signed_weights_url
from generation.models import GeneratedImage
from jobs.models import JobQueue
from jobs.webhook_links import webhook_url
from jobs.work import InvalidResultError, MissingInputError, Report
from models_app.models import UserModel
from models_app.stored_files import is_whole
from models_app.texts import isolated
from providers.base import Provider
from providers.errors import RequestRejectedError
from providers.registry import CLASSES
from providers.types import GenerationRequest, Lora, Output, Run, WorkKind


class GenerationWork:
    """From a prompt to stored images."""

    kind = WorkKind.GENERATION.value
    time_limit = timedelta(hours=6)

    def prepare(self, job: JobQueue, provider: Provider) -> GenerationRequest:
        """Return the request; nothing has to be uploaded."""
        model, payload = _model_of(job), job.payload
        request = GenerationRequest(
            correlation=job.correlation,
            base_model=payload["base_model"],
            prompt=payload["prompt"],
            width=payload["width"],
            height=payload["height"],
            count=payload["count"],
            seed=payload["seed"],
            lora=Lora(_weights_for(model, job, provider), payload["strength"]),
            webhook_url=webhook_url(provider.key, job.correlation),
            extra=payload.get("details", {}),
        )
        return provider.prepare_generation(request)

    def submit(
        self, job: JobQueue, provider: Provider, request: GenerationRequest, *, not_after: float
    ) -> Run:
        return provider.generate(request, not_after=not_after)

    def result_of(self, job: JobQueue, run: Run) -> dict[str, Any]:
        """Return where the images are; those that came with the answer are stored at once."""
        return {
            "outputs": [_stored(job, index, output) for index, output in enumerate(run.outputs)]
        }

    def collect(self, job: JobQueue, provider: Provider, report: Report) -> dict[str, Any]:
        """Download, check and store every image that is not stored yet."""
        model, outputs = _model_of(job), job.result.get("outputs", [])
        if not outputs:
            raise InvalidResultError("bad_image", "the answer contained no image")
        for index, stored in enumerate(outputs):
            if GeneratedImage.objects.filter(job=job, index=index).exists():
                continue
            with provider.download_output(_output(stored)) as download:
                image = image_files.read_image(download)
            image_files.store(job, model, index, image)
            number = {"number": index + 1, "total": len(outputs)}
            report(gettext("Picture %(number)d of %(total)d") % number)
        _delete_inline(outputs)
        return {"images": len(outputs)}

    def fetch_samples(self, job: JobQueue, provider: Provider) -> None:
        """Do nothing: pictures come when they are done."""

    def is_stored(self, job: JobQueue) -> bool:
        """Whether every image came with the answer and only has to be checked."""
        outputs = job.result.get("outputs", [])
        return bool(outputs) and all("file" in stored for stored in outputs)

    def on_transition(self, job: JobQueue) -> None:
        """Do nothing: images do not change their model."""


def _model_of(job: JobQueue) -> UserModel:
    if job.model is None:
        raise RequestRejectedError(job.provider, gettext_noop("The model was deleted."))
    return job.model


def _weights_for(model: UserModel, job: JobQueue, provider: Provider) -> str:
    """Return how the provider finds the weights: its own name for them, the address of a copy
    there, or a signed URL.

    Raises MissingInputError where it would find nothing there.
    """
    offer = CLASSES[job.provider].generation_offer(job.payload["base_model"], model.remote_ref)
    if offer is None:
        raise provider.unsupported(f"generating with {job.payload['base_model']}")
    if offer.only_own_weights:
        return model.remote_ref
    if not is_whole(str(model.weights.name), model.weights_size):
        raise MissingInputError("weights_gone", f"“{isolated(model)}”")
    if offer.takes_uploads:
        return weights_copies.address_at(provider, model)
    return signed_weights_url(model)


def _stored(job: JobQueue, index: int, output: Output) -> dict[str, str]:
    if output.url:
        return {"url": output.url}
    name = f"images/{job.model_id}/incoming/{job.pk}-{index}"
    default_storage.delete(name)
    return {"file": default_storage.save(name, ContentFile(output.data))}


def _output(stored: dict[str, str]) -> Output:
    if "url" in stored:
        return Output(url=stored["url"])
    with default_storage.open(stored["file"]) as file:
        return Output(data=file.read())


def _delete_inline(outputs: list[dict[str, str]]) -> None:
    for stored in outputs:
        if "file" in stored:
            default_storage.delete(stored["file"])
