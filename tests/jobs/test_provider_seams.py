"""Providers that list otherwise: only to follow, only to find, by another key, by pages."""

from datetime import timedelta

import pytest
import requests
from django.utils import timezone

from jobs.engine import journal, poll, run_logs
from jobs.engine.submit import submit
from jobs.messages import explain
from jobs.models import JobQueue
from jobs.states import Status
from providers.local.provider import Local
from providers.types import Capability, RunLog
from tests.factories import JobFactory
from tests.jobs.sweeps import a_sweep_passes
from tests.scripted_trainer import BASE
from training.selectors import next_idempotency_key
from training.services import start

pytestmark = pytest.mark.django_db


@pytest.fixture
def lost():
    return JobFactory(unknown=True)


@pytest.fixture
def running():
    return JobFactory(running=True, run_id="ft-1")


def without(monkeypatch, *capabilities):
    monkeypatch.setattr(Local, "capabilities", Local.capabilities - set(capabilities))


def test_a_list_that_only_finds_is_not_believed_about_progress(
    scripted, monkeypatch, lost, running
):
    without(monkeypatch, Capability.FOLLOW_TRAININGS)
    scripted.lists(
        {"id": "ft-1", "status": "completed", "suffix": running.correlation},
        {"id": "ft-2", "status": "pending", "suffix": lost.correlation},
    )
    now = {"id": "ft-1", "status": "running", "step": 4}
    scripted.mock.get(f"{BASE}/fine-tunes/ft-1", json=now)
    poll.poll("local")
    running.refresh_from_db(), lost.refresh_from_db()
    assert (running.status, running.step) == (Status.RUNNING, 4)
    assert (lost.status, lost.run_id) == (Status.RUNNING, "ft-2")


def test_a_list_that_only_finds_is_not_read_where_nothing_is_lost(scripted, monkeypatch, running):
    without(monkeypatch, Capability.FOLLOW_TRAININGS)
    scripted.logs("ft-1")
    scripted.mock.get(f"{BASE}/fine-tunes/ft-1", json={"id": "ft-1", "status": "running"})
    poll.poll("local")
    assert scripted.count("GET", "/fine-tunes") == 0
    assert scripted.count("GET", "/fine-tunes/ft-1") == 1


def test_a_list_that_only_follows_proves_no_absence(scripted, monkeypatch, lost, running):
    without(monkeypatch, Capability.FIND_TRAININGS)
    scripted.lists({"id": "ft-1", "status": "running", "step": 4, "suffix": running.correlation})
    for _ in range(5):
        JobQueue.objects.update(next_poll_at=timezone.now())
        poll.poll("local")
    running.refresh_from_db(), lost.refresh_from_db()
    assert running.step == 4
    assert (lost.status, lost.absent_count) == (Status.UNKNOWN, 0)


def test_what_the_list_shows_instead_of_the_token_is_stored_before_the_paid_call(
    scripted, monkeypatch, draft
):
    monkeypatch.setattr(Local, "lookup_key", lambda self, request: request.dataset)
    job = start(draft, idempotency_key=next_idempotency_key(draft))
    scripted.breaks(requests.ConnectionError("reset"))
    submit(job.pk)
    job.refresh_from_db()
    assert (job.status, job.lookup_key) == (Status.UNKNOWN, "file-1")
    assert job.paid_calls.get().lookup_key == "file-1"
    assert journal.lookup_keys() == {job.pk: ["file-1"]}

    scripted.lists({"id": "ft-2", "status": "running", "suffix": "file-1"})
    JobQueue.objects.update(next_poll_at=timezone.now())
    poll.poll("local")
    job.refresh_from_db()
    assert (job.status, job.run_id) == (Status.RUNNING, "ft-2")


def test_no_more_single_calls_than_the_provider_allows(scripted, monkeypatch):
    without(monkeypatch, Capability.FOLLOW_TRAININGS, Capability.LOG)
    monkeypatch.setattr(Local, "calls_per_second", 1.5)
    # However long the test takes, those that were asked for are not due again.
    monkeypatch.setattr(Local, "shortest_interval", timedelta(minutes=10))
    for number in range(7):
        run_id = JobFactory(running=True, run_id=f"ft-{number}").run_id
        run = {"id": run_id, "status": "running", "step": 2}
        scripted.mock.get(f"{BASE}/fine-tunes/{run_id}", json=run)
    seen = []
    for _ in range(3):
        poll.poll("local")
        seen.append(JobQueue.objects.filter(step=2).count())
        a_sweep_passes()
    assert seen == [3, 6, 7]


def test_steps_that_only_the_log_tells_are_shown_with_the_time_left(running):
    now = timezone.now()
    JobQueue.objects.filter(pk=running.pk).update(
        step=10, total_steps=500, first_step=10, first_step_at=now - timedelta(seconds=100)
    )
    running.refresh_from_db()
    run_logs._take(running, RunLog(step=110, total_steps=500))
    running.refresh_from_db()
    assert (running.step, running.total_steps, running.progress) == (110, 500, 0.22)
    assert timedelta(seconds=380) < running.eta_at - now < timedelta(seconds=400)


def test_a_log_never_takes_a_step_back(running):
    JobQueue.objects.filter(pk=running.pk).update(step=10, total_steps=500, progress=0.02)
    running.refresh_from_db()
    run_logs._take(running, RunLog(step=4, total_steps=500))
    running.refresh_from_db()
    assert (running.step, running.progress) == (10, 0.02)


@pytest.mark.parametrize(("minutes", "status"), [(1, Status.RUNNING), (5, Status.CANCELLED)])
def test_a_cancelled_run_that_its_provider_forgot_is_cancelled(
    minutes, status, scripted, monkeypatch, running
):
    monkeypatch.setattr(Local, "forgets_cancelled_runs", True)
    without(monkeypatch, Capability.FOLLOW_TRAININGS)
    asked_at = timezone.now() - timedelta(minutes=minutes)
    JobQueue.objects.filter(pk=running.pk).update(
        cancel_requested_at=asked_at, cancel_sent_at=asked_at
    )
    scripted.mock.get(f"{BASE}/fine-tunes/ft-1", status=404, json={"error": {"message": "gone"}})
    poll.poll("local")
    running.refresh_from_db()
    assert running.status == status


def test_a_history_that_proves_nothing_says_so(monkeypatch, lost):
    monkeypatch.setattr(Local, "lists_are_complete", False)
    assert "proves nothing" in explain(lost).sentence
