"""Webhooks are written down with the change that they tell of, or not at all."""

from __future__ import annotations

import json

import pytest
from django.db import DatabaseError

from accounts.models import WebhookDelivery
from accounts.outgoing.endpoints import make_endpoint
from jobs.engine.collect import collect
from jobs.engine.transitions import move
from jobs.models import JobEvent, JobQueue
from jobs.states import Status
from models_app.models import UserModel
from tests.factories import JobFactory, UserModelFactory
from tests.jobs.test_collect import DOWNLOAD
from tests.training.test_weights import safetensors

pytestmark = pytest.mark.django_db


@pytest.fixture
def running(owner) -> JobQueue:
    make_endpoint(owner, url="https://example.com/", events=["model.ready", "model.failed"])
    model = UserModelFactory(owner=owner, training=True, name="Ann")
    return JobFactory(running=True, model=model)


def told() -> list[dict]:
    rows = WebhookDelivery.objects.order_by("created_at")
    return [json.loads(one.payload) for one in rows]


def test_a_failed_training_is_told_with_ids_and_a_state(running):
    move(running, Status.FAILED, error_code="rejected")
    (message,) = told()
    assert message["type"] == "model.failed"
    ids = {"modelId": str(running.model_id), "jobId": str(running.pk)}
    assert message["data"] == {**ids, "status": "failed"}


def test_a_model_that_is_ready_is_told_once_however_often_it_is_collected(running, scripted):
    scripted.logs(running.run_id)
    scripted.mock.get(DOWNLOAD, body=safetensors())
    where = {"remote_ref": f"{DOWNLOAD}?ft_id=ft-1"}
    JobQueue.objects.update(
        payload={"base_model": "black-forest-labs/FLUX.1-dev"}, result=where, engine="simulated"
    )
    running.refresh_from_db()
    move(running, Status.FINISHING)
    for _ in range(3):
        collect(running.pk)
    assert [one["type"] for one in told()] == ["model.ready"]
    assert told()[0]["data"]["status"] == UserModel.objects.get().status == "ready"


@pytest.mark.parametrize("target", [Status.FINISHING, Status.CANCELLED])
def test_other_states_are_not_told(running, target):
    move(running, target)
    assert told() == []


def test_nobody_is_told_of_somebody_elses_model(running, stranger):
    move(JobFactory(running=True, model=UserModelFactory(owner=stranger, training=True)),
         Status.FAILED, error_code="rejected")  # fmt: skip
    assert told() == []


def test_without_the_message_the_state_does_not_change_either(running, monkeypatch):
    def fails(*_args: object, **_kwargs: object) -> None:
        raise DatabaseError("full")

    monkeypatch.setattr(type(WebhookDelivery.objects), "bulk_create", fails)
    with pytest.raises(DatabaseError):
        move(running, Status.FAILED, error_code="rejected")
    assert JobQueue.objects.get().status == Status.RUNNING
    assert UserModel.objects.get().status == "training"


def test_without_the_state_there_is_no_message(running, monkeypatch):
    from training import work

    def fails(*_args: object) -> None:
        raise DatabaseError("full")

    monkeypatch.setattr(work, "_is_dataset_spent", fails)
    with pytest.raises(DatabaseError):
        move(running, Status.FAILED, error_code="rejected")
    assert told() == [] and not JobEvent.objects.exists()


def test_a_generation_tells_nothing(owner, running):
    job = JobFactory(running=True, kind="generation", model=running.model)
    move(job, Status.FAILED, error_code="rejected")
    assert told() == []
