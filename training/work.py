"""What a training job does at its provider and with its result."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.outgoing.outbox import announce
from accounts.outgoing.rows import Event
from jobs import clock
from jobs.deletion import request_dataset_deletion
from jobs.messages import explain
from jobs.models import JobQueue
from jobs.recovery import run_to_fetch
from jobs.states import Status
from jobs.webhook_links import webhook_url
from jobs.work import InvalidResultError, MissingInputError, Report
from models_app import photo_files
from models_app.models import TrainingImage, UserModel
from models_app.selectors import photos_of
from models_app.trigger_words import sent_caption
from providers.base import Provider
from providers.catalog import base_model
from providers.errors import InputExpiredError, ProviderError, RequestRejectedError
from providers.hyperparameters import Hyperparameters
from providers.types import Output, Photo, Run, RunStatus, TrainingRequest, WorkKind
from training import samples, weights
from training.selectors import names_of

log = logging.getLogger(__name__)

_ENDS: dict[str, str] = {
    UserModel.Status.READY: Event.MODEL_READY.value,
    UserModel.Status.FAILED: Event.MODEL_FAILED.value,
}
CONTENT_TYPES = {"jpg": "image/jpeg", "png": "image/png"}


class TrainingWork:
    """From photos to stored weights."""

    kind = WorkKind.TRAINING.value
    time_limit = timedelta(hours=24)

    def prepare(self, job: JobQueue, provider: Provider) -> TrainingRequest:
        """Upload the photos with their captions and return the request."""
        model = self._model_of(job)
        rows = list(photos_of(model))
        photos = [as_photo(photo, model, number) for number, photo in enumerate(rows, start=1)]
        options = Hyperparameters.from_json(job.payload.get("options", {}))
        offer = provider.training_offers[job.payload["base_model"]]
        steps = offer.steps.fit(options.steps(len(photos)))
        job.result = {**job.result, "steps": steps}  # stored with the dataset
        request = TrainingRequest(
            correlation=job.correlation,
            base_model=job.payload["base_model"],
            dataset=_fresh_dataset(job, provider) or self._upload(job, provider, photos, rows),
            trigger_word=model.trigger_word,
            general_caption=sent_caption("", model),
            subject=model.kind,
            photo_count=len(photos),
            epochs=options.epochs,
            learning_rate=options.learning_rate,
            batch_size=options.batch_size,
            resolution=options.resolution,
            steps=steps,
            rank=options.rank,
            keep_prior=options.keep_prior,
            webhook_url=webhook_url(provider.key, job.correlation),
        )
        try:
            return provider.prepare_training(request)
        except InputExpiredError:
            # Gone sooner than promised: nothing is paid yet, so they are uploaded once more.
            again = self._upload(job, provider, photos, rows)
            return provider.prepare_training(replace(request, dataset=again))

    def _upload(
        self, job: JobQueue, provider: Provider, photos: list[Photo], rows: list[TrainingImage]
    ) -> str:
        """Upload the photos once per job, however often it has to wait afterwards.

        Where they lie is remembered before anything is paid, so that they can be deleted there.
        Raises MissingInputError where photos have lost their files.
        """
        if gone := photo_files.gone(rows):
            raise MissingInputError("photos_gone", names_of(gone))
        dataset = provider.upload_dataset(photos)
        outdated = job.result.get("dataset", "")
        now = clock.now()
        job.result = {**job.result, "dataset": dataset, "dataset_at": now.isoformat()}
        is_ours = JobQueue.objects.filter(pk=job.pk, claim=job.claim).update(result=job.result)
        # Whoever took the job over meanwhile has uploaded, or will upload, another copy.
        request_dataset_deletion(job, outdated if is_ours else dataset)
        return dataset

    def submit(
        self, job: JobQueue, provider: Provider, request: TrainingRequest, *, not_after: float
    ) -> Run:
        return provider.start_training(request, not_after=not_after)

    def result_of(self, job: JobQueue, run: Run) -> dict[str, Any]:
        return {
            "remote_ref": run.remote_ref,
            "outputs": [output.url for output in run.outputs if output.url],
        }

    def collect(self, job: JobQueue, provider: Provider, report: Report) -> dict[str, Any]:
        """Download, check and store the weights."""
        model = self._model_of(job)
        report(gettext_noop("Downloading the weights"))
        run = Run(
            id=job.run_id,
            status=RunStatus.SUCCEEDED,
            remote_ref=job.result.get("remote_ref", ""),
            outputs=tuple(Output(url=url) for url in job.result.get("outputs", ())),
        )
        with provider.download_weights(run) as download:
            stored = weights.receive(download, model_id=model.pk, report=report)
        if job.makes_samples:
            _fetch_last_samples(job, provider)
        return {"weights": stored.name, "sha256": stored.sha256, "size": stored.size}

    def fetch_samples(self, job: JobQueue, provider: Provider) -> None:
        samples.fetch(job, provider)

    def is_stored(self, job: JobQueue) -> bool:
        """Weights never come with an answer."""
        return False

    def on_transition(self, job: JobQueue) -> None:
        """Update the model to the state of its training, and tell its owner's programs."""
        changes = _model_changes(job)
        if changes and job.model_id:
            UserModel.objects.filter(pk=job.model_id).update(updated_at=timezone.now(), **changes)
            _announce_end(job, changes["status"])
        if _is_dataset_spent(job):
            request_dataset_deletion(job, job.result.get("dataset", ""))

    def _model_of(self, job: JobQueue) -> UserModel:
        if job.model is None:
            raise RequestRejectedError(job.provider, gettext_noop("The model was deleted."))
        return job.model


def _announce_end(job: JobQueue, status: str) -> None:
    """Write webhooks down in the transaction of the state that they tell of."""
    event = _ENDS.get(status)
    if event and job.owner_id:
        data = {"modelId": str(job.model_id), "jobId": str(job.pk), "status": status}
        announce(job.owner_id, event, data)


def _fetch_last_samples(job: JobQueue, provider: Provider) -> None:
    """Fetch those of the last steps. The weights are what was ordered: without samples they are
    as good."""
    try:
        samples.fetch(job, provider)
    except (ProviderError, InvalidResultError, OSError) as error:
        log.info("the last samples of run %s could not be read: %s", job.run_id, error)


def _fresh_dataset(job: JobQueue, provider: Provider) -> str:
    """Return the photos that the provider has already, unless it may have dropped them: unused,
    or with the run of a call whose answer was lost."""
    uploaded_at = "" if job.call_over_at else job.result.get("dataset_at", "")
    if not uploaded_at or _is_old(uploaded_at, provider):
        return ""
    return str(job.result["dataset"])


def _is_old(uploaded_at: str, provider: Provider) -> bool:
    return clock.now() - datetime.fromisoformat(uploaded_at) > provider.dataset_lasts


def _is_dataset_spent(job: JobQueue) -> bool:
    """Whether nobody will train on the uploaded photos any more, here or at the provider."""
    return job.is_over and not run_to_fetch(job) and job.error_code != "deadline"


def _model_changes(job: JobQueue) -> dict[str, Any]:
    match job.status:
        case Status.RUNNING | Status.FINISHING:
            return {"status": UserModel.Status.TRAINING}
        case Status.SUCCEEDED:
            return {
                "status": UserModel.Status.READY,
                "weights": job.result["weights"],
                "weights_sha256": job.result["sha256"],
                "weights_size": job.result["size"],
                "base_family": base_model(job.payload["base_model"]).family,
                "remote_ref": job.result.get("remote_ref", ""),
                "engine": job.engine,
                "ready_at": timezone.now(),
                "failed_reason": "",
            }
        case Status.FAILED:
            return {
                "status": UserModel.Status.FAILED,
                "started_at": None,
                "failed_reason": explain(job).sentence[:500],
            }
        case Status.CANCELLED:
            return {"status": UserModel.Status.PENDING, "started_at": None}
        case _:
            return {}


def as_photo(photo: TrainingImage, model: UserModel, number: int) -> Photo:
    """Return what is trained on of a photo, for a provider, under a neutral name and without
    metadata."""
    name = str(photo.trained_file.name)
    extension = name.rpartition(".")[2]
    return Photo(
        name=f"{number:03}.{extension}",
        content_type=CONTENT_TYPES[extension],
        caption=sent_caption(photo.caption, model),
        open=lambda: photo.trained_file.storage.open(name, "rb"),
        is_captioned=bool(photo.caption.strip()),
    )
