"""What a job is made from may be gone: said in words before anything is paid, without paths."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import requests
from django.conf import settings
from django.core.files.storage import default_storage

from generation.work import GenerationWork
from jobs.engine.submit import submit
from jobs.events import error_text
from jobs.messages import explain
from jobs.models import JobEvent, JobQueue
from jobs.states import Status
from jobs.work import InvalidResultError, MissingInputError
from models_app.models import TrainingImage
from providers import registry
from providers.catalog import FLUX2_DEV
from providers.errors import ProviderError, ProviderUnavailableError
from providers.types import RunRef
from tests.factories import JobFactory, TrainingImageFactory, UserModelFactory
from training.selectors import missing_files
from training.work import TrainingWork

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("machine_clock")]


@pytest.fixture
def job(scripted) -> JobQueue:
    model = UserModelFactory(training=True)
    TrainingImageFactory.create_batch(4, model=model)
    return JobFactory(model=model, payload={"base_model": model.base_model})


def everything_shown(job: JobQueue, client) -> str:
    """Return every text of a job that a page, an event or the API gives to somebody."""
    words = explain(job)
    events = JobEvent.objects.filter(job=job).values_list("text", "data")
    pages = [
        client.get(address).text
        for address in (
            f"/dashboard/models/{job.model_id}",
            "/dashboard/activity",
            f"/api/jobs/{job.pk}",
            f"/api/models/{job.model_id}",
            "/api/models",
        )
    ]
    return " ".join([words.title, words.sentence, words.cost, words.advice, job.error_detail,
                     json.dumps(list(events)), *pages])  # fmt: skip


def shows_no_path(text: str) -> bool:
    return not any(part in text for part in ("Errno", str(settings.MEDIA_ROOT)))


def test_a_photo_lost_after_the_start_ends_the_job_at_once_and_is_named(job, client):
    photo = job.model.photos.first()
    TrainingImage.objects.filter(pk=photo.pk).update(original_filename="IMG 7.jpg")
    default_storage.delete(photo.file.name)
    submit(job.pk)
    job.refresh_from_db()
    assert (job.status, job.error_code, job.sent_at) == (Status.FAILED, "photos_gone", None)
    words = explain(job)
    assert "Missing: “IMG 7.jpg”." in words.sentence
    assert "upload them again" in words.advice
    assert words.cost == "It cost nothing."
    job.model.refresh_from_db()
    assert job.model.is_editable
    client.force_login(job.owner)
    assert shows_no_path(everything_shown(job, client))


@pytest.mark.parametrize("damage", ["emptied", "cut", "a folder"])
def test_a_photo_that_is_not_whole_any_more_is_named_before_anything_is_paid(job, damage):
    photo = job.model.photos.first()
    path = Path(photo.file.path)
    content = path.read_bytes()
    path.unlink()
    if damage == "a folder":
        path.mkdir()
    else:
        path.write_bytes(content[: len(content) // 2] if damage == "cut" else b"")
    [missing] = missing_files(job.model)
    assert photo.original_filename in missing.text
    submit(job.pk)
    job.refresh_from_db()
    assert (job.status, job.error_code, job.sent_at) == (Status.FAILED, "photos_gone", None)


def test_photos_that_are_at_the_provider_already_may_be_gone_here(job, scripted):
    provider = registry.get("local")
    first = TrainingWork().prepare(job, provider)
    for photo in job.model.photos.all():
        default_storage.delete(photo.file.name)
    assert TrainingWork().prepare(JobQueue.objects.get(), provider).dataset == first.dataset


@pytest.mark.parametrize("is_cut", [False, True])
def test_weights_that_a_provider_would_find_gone_are_not_paid_for(settings, scripted, is_cut):
    settings.PUBLIC_URL = "https://example.org"
    model = UserModelFactory(ready=True)
    if is_cut:
        Path(model.weights.path).write_bytes(b"weigh")
    else:
        default_storage.delete(model.weights.name)
    payload = {"base_model": FLUX2_DEV, "prompt": "a", "width": 1024, "height": 1024}
    payload |= {"count": 1, "seed": 1, "strength": 1.0}
    job = JobFactory(kind="generation", model=model, provider="together", payload=payload)
    with pytest.raises(MissingInputError) as gone:
        GenerationWork().prepare(job, registry.get("local"))
    assert gone.value.code == "weights_gone"


@pytest.mark.parametrize(
    "error",
    [
        FileNotFoundError(2, "No such file or directory", "/srv/theway/media/photos/a.jpg"),
        PermissionError(13, "Permission denied", "/srv/theway/media"),
        OSError(28, "No space left on device"),
        KeyError("base_model"),
        RuntimeError("/srv/theway is odd"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_the_system_says_reaches_nobody(error):
    assert error_text(error) == ""


@pytest.mark.parametrize(
    "error",
    [
        ProviderError("local", "Photo 3 is blank"),
        InvalidResultError("bad_image", "Photo 3 is blank"),
        MissingInputError("photos_gone", "Photo 3 is blank"),
    ],
)
def test_what_a_provider_or_a_kind_of_work_says_is_kept(error):
    assert error_text(error) == "Photo 3 is blank"


def test_a_disk_that_is_full_or_broken_shows_no_path(job, client, monkeypatch):
    def broken(*_: object) -> None:
        raise OSError(5, "Input/output error", f"{settings.MEDIA_ROOT}/photos/a.jpg")

    monkeypatch.setattr("providers.together.provider.write_jsonl", broken)
    JobQueue.objects.update(max_attempts=1)
    submit(job.pk)
    job.refresh_from_db()
    assert (job.status, job.error_code) == (Status.FAILED, "internal")
    client.force_login(job.owner)
    assert shows_no_path(everything_shown(job, client))


def test_a_provider_that_refuses_the_connection_is_described_in_words(scripted):
    refused = requests.ConnectionError("HTTPConnectionPool(host='127.0.0.1', port=9)")
    refused.__cause__ = ConnectionRefusedError(111, os.strerror(111))
    scripted.mock.upsert("GET", "http://127.0.0.1:9/v1/fine-tunes/ft-1", body=refused)
    with pytest.raises(ProviderUnavailableError) as unavailable:
        registry.get("local").get_run(RunRef("ft-1"))
    assert unavailable.value.detail == f"ConnectionError: {os.strerror(111)}"
