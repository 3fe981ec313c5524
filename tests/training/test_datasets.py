"""Photos at a provider: remembered before anything is paid, deleted when nobody needs them."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from jobs.engine import deletions
from jobs.engine.transitions import move
from jobs.models import JobQueue, RemoteDeletion
from jobs.states import Status
from providers import registry
from providers.errors import InputExpiredError
from providers.local.provider import Local
from tests.factories import JobFactory, TrainingImageFactory, UserModelFactory
from training.datasets import KEPT_FOR
from training.tasks import release_datasets
from training.work import TrainingWork

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("machine_clock")]
BASE = "http://127.0.0.1:9/v1"


@pytest.fixture
def job(scripted) -> JobQueue:
    model = UserModelFactory(training=True)
    TrainingImageFactory(model=model)
    return JobFactory(model=model, submitting=True, payload={"base_model": model.base_model})


def uploads(scripted, dataset: str) -> None:
    scripted.mock.upsert("POST", f"{BASE}/files/upload", json={"id": dataset})


def prepared(job: JobQueue) -> str:
    return TrainingWork().prepare(job, registry.get("local")).dataset


def to_be_deleted() -> list[str]:
    return list(RemoteDeletion.objects.filter(kind="dataset").values_list("remote_id", flat=True))


def test_where_the_photos_lie_is_stored_before_the_paid_call(job):
    prepared(job)
    assert JobQueue.objects.get().result["dataset"] == "file-1"


def test_the_steps_that_are_asked_for_are_known_when_its_log_is_read(job):
    request = TrainingWork().prepare(job, registry.get("local"))
    assert request.steps > 0
    assert JobQueue.objects.get().run_ref.steps == request.steps


def test_photos_are_uploaded_once_however_often_the_job_waits(scripted, job):
    prepared(job)
    prepared(JobQueue.objects.get())
    assert scripted.count("POST", "/files/upload") == 1


def test_photos_that_waited_for_long_are_uploaded_anew_and_the_old_copy_goes(scripted, job):
    prepared(job)
    uploads(scripted, "file-2")
    with time_machine.travel(timezone.now() + timedelta(hours=13)):
        assert prepared(JobQueue.objects.get()) == "file-2"
    assert JobQueue.objects.get().result["dataset"] == "file-2"
    assert to_be_deleted() == ["file-1"]


def test_photos_that_are_gone_before_anything_is_paid_are_uploaded_once_more(
    scripted, job, monkeypatch
):
    def is_second(self, request):
        if request.dataset == "file-1":
            uploads(scripted, "file-2")
            raise InputExpiredError(self.key, "gone")
        return request

    monkeypatch.setattr(Local, "prepare_training", is_second)
    assert prepared(job) == "file-2"
    assert JobQueue.objects.get().result["dataset"] == "file-2"
    assert to_be_deleted() == ["file-1"]


def test_photos_that_are_always_gone_are_not_uploaded_without_end(scripted, job, monkeypatch):
    def refuses(self, request):
        raise InputExpiredError(self.key, "gone")

    monkeypatch.setattr(Local, "prepare_training", refuses)
    with pytest.raises(InputExpiredError):
        prepared(job)
    assert scripted.count("POST", "/files/upload") == 2


def test_a_copy_that_another_worker_does_not_know_of_goes(job):
    JobQueue.objects.update(claim=None)  # others took over while it was uploaded
    prepared(job)
    assert "dataset" not in JobQueue.objects.get().result
    assert to_be_deleted() == ["file-1"]


@pytest.mark.parametrize(
    ("change", "gone"),
    [
        ({"status": Status.FAILED, "error_code": "run_failed"}, True),
        ({"status": Status.FAILED, "error_code": "lost_contact"}, False),  # may be fetched again
        ({"status": Status.FAILED, "error_code": "deadline"}, False),  # its run may go on
        ({"status": Status.CANCELLED}, True),
    ],
)
def test_photos_are_deleted_at_the_provider_when_nobody_trains_on_them(change, gone):
    job = JobFactory(running=True, result={"dataset": "file-1"})
    move(job, change.pop("status"), **change)
    assert to_be_deleted() == (["file-1"] if gone else [])


def test_photos_go_when_the_weights_are_here():
    model = UserModelFactory(training=True)
    job = JobFactory(finishing=True, model=model, payload={"base_model": model.base_model})
    stored = {"weights": "w", "sha256": "0" * 64, "size": 1, "dataset": "file-1"}
    move(job, Status.SUCCEEDED, result=stored)
    assert to_be_deleted() == ["file-1"]


def left_by(code: str, **columns) -> JobQueue:
    """A training that failed and left its photos to its run, just now."""
    job = JobFactory(running=True, result={"dataset": "file-1", "steps": 5}, **columns)
    move(job, Status.FAILED, error_code=code)
    assert to_be_deleted() == []
    return job


@pytest.mark.parametrize("code", ["lost_contact", "deadline"])
def test_photos_that_a_lost_run_may_need_go_once_no_run_can_be_that_long(code):
    job = left_by(code)
    with time_machine.travel(timezone.now() + KEPT_FOR - timedelta(minutes=1)):
        release_datasets()
        assert to_be_deleted() == []
    with time_machine.travel(timezone.now() + KEPT_FOR + timedelta(minutes=1)):
        release_datasets()
        release_datasets()
    assert to_be_deleted() == ["file-1"]
    job.refresh_from_db()
    assert job.result == {"steps": 5}


def test_photos_are_asked_to_be_deleted_once(scripted):
    left_by("lost_contact")
    scripted.mock.upsert("DELETE", f"{BASE}/files/file-1", json={})
    with time_machine.travel(timezone.now() + KEPT_FOR + timedelta(minutes=1)):
        release_datasets()
        deletions.work_off("local")
        release_datasets()
        deletions.work_off("local")
    assert scripted.count("DELETE", "/files/file-1") == 1


def test_photos_that_an_unfinished_job_shares_stay_until_it_is_over(scripted):
    left_by("lost_contact")
    JobFactory(running=True, result={"dataset": "file-1"})
    with time_machine.travel(timezone.now() + KEPT_FOR + timedelta(minutes=1)):
        release_datasets()
        deletions.work_off("local")
    assert scripted.count("DELETE", "/files/file-1") == 0
    assert to_be_deleted() == ["file-1"]
