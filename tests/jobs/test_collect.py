"""Bringing the weights home: repeatable, bounded, and recoverable without paying again."""

import errno
from datetime import timedelta

import pytest
import requests
from django.core.files.storage import default_storage
from django.utils import timezone

from jobs.engine import due, sweep
from jobs.engine.collect import collect
from jobs.messages import explain
from jobs.models import JobQueue, ProviderStatus
from jobs.states import Status
from models_app.models import UserModel
from tests.factories import JobFactory, UserModelFactory, jpeg
from tests.training.test_weights import safetensors

pytestmark = pytest.mark.django_db
DOWNLOAD = "http://127.0.0.1:9/v1/finetune/download"


@pytest.fixture
def job(scripted) -> JobQueue:
    scripted.logs("ft-1")
    return JobFactory(
        finishing=True,
        run_id="ft-1",
        engine="simulated",
        payload={"base_model": "black-forest-labs/FLUX.1-dev"},
        result={"remote_ref": "http://127.0.0.1:9/v1/finetune/download?ft_id=ft-1"},
    )


def tried(job: JobQueue, times: int = 1) -> JobQueue:
    for _ in range(times):
        JobQueue.objects.update(next_poll_at=timezone.now())
        collect(job.pk)
    job.refresh_from_db()
    return job


def test_verified_weights_make_the_model_ready(job, scripted):
    scripted.mock.get(DOWNLOAD, body=safetensors())
    assert tried(job).status == Status.SUCCEEDED
    model = UserModel.objects.get()
    assert (model.status, model.base_family) == (UserModel.Status.READY, "flux1-dev")
    assert model.is_simulated
    with model.weights.open() as file:
        assert file.read() == safetensors()


def test_finishing_twice_changes_nothing(job, scripted):
    scripted.mock.get(DOWNLOAD, body=safetensors())
    tried(job, times=3)
    assert scripted.count("GET", "/finetune/download") == 1


def test_a_worker_that_died_while_fetching_is_replaced(job, scripted):
    scripted.mock.get(DOWNLOAD, body=safetensors())
    JobQueue.objects.update(lease_until=timezone.now() + timedelta(seconds=20))
    assert due.collections() == []
    JobQueue.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert due.collections() == [str(job.pk)]
    assert tried(job).status == Status.SUCCEEDED


def test_a_trainer_that_is_away_does_not_count_as_a_failed_try(job, scripted):
    scripted.mock.get(DOWNLOAD, body=requests.ConnectionError("refused"))
    assert tried(job, times=20).status == Status.FINISHING
    assert job.attempts == 0


def test_weights_cut_short_are_fetched_again_until_the_deadline(job, scripted):
    scripted.mock.get(DOWNLOAD, body=safetensors()[:-3])
    assert tried(job).status == Status.FINISHING
    assert (job.attempts, job.error_code) == (1, "bad_weights")
    assert tried(job, times=2 * job.max_attempts).status == Status.FINISHING
    JobQueue.objects.update(deadline_at=timezone.now())
    sweep.end_overdue()
    job.refresh_from_db()
    assert (job.status, job.error_code) == (Status.FAILED, "fetch_deadline")
    assert "no new training, no new charge" in explain(job).advice
    assert UserModel.objects.get().is_editable


def test_an_error_page_instead_of_weights_is_never_stored(job, scripted):
    scripted.mock.get(DOWNLOAD, body=b"<html>not found</html>")
    assert tried(job).error_code == "bad_weights"
    assert not default_storage.exists("weights")


@pytest.mark.parametrize(
    "expired",
    [
        {"status": 400, "body": "<Code>ExpiredToken</Code>"},
        {"status": 403},
        {"status": 404},
        {"body": "<html>This link has expired</html>"},
    ],
    ids=["400", "403", "404", "page"],
)
def test_an_address_that_expired_is_asked_for_again(scripted, expired):
    old, new = "http://127.0.0.1:9/v1/old.jpg", "http://127.0.0.1:9/v1/new.jpg"
    picture = JobFactory(
        kind="generation",
        model=UserModelFactory(ready=True),
        finishing=True,
        run_id="img-1",
        result={"outputs": [{"url": old}]},
        payload={"prompt": "p", "typed_prompt": "p", "ratio": "1:1", "strength": 1.0},
    )
    scripted.mock.get(old, **expired)
    scripted.mock.get(new, body=jpeg())
    entry = {"id": "img-1", "data": [{"index": 0, "url": new}]}
    scripted.mock.get("http://127.0.0.1:9/v1/images/generations", json={"data": [entry]})
    assert tried(picture, times=2).status == Status.SUCCEEDED


def test_a_result_that_is_away_for_long_is_asked_for_less_and_less_often(job, scripted):
    scripted.mock.get(DOWNLOAD, body=requests.ConnectionError("refused"))
    waits = []
    for _ in range(8):
        ProviderStatus.objects.update(paused_until=None)
        waits.append(round((tried(job).next_poll_at - timezone.now()).total_seconds()))
    assert waits == [5, 5, 8, 16, 32, 60, 60, 60]
    assert job.events.filter(text="Downloading the weights").count() == 1


def test_a_full_disk_loses_nothing(job, scripted, monkeypatch):
    scripted.mock.get(DOWNLOAD, body=safetensors())
    with monkeypatch.context() as patch:

        def full(*_args, **_kwargs):
            raise OSError(errno.ENOSPC, "No space left on device")

        patch.setattr(type(default_storage), "save", full, raising=False)
        assert tried(job).error_code == "disk_full"
    assert tried(job).status == Status.SUCCEEDED
