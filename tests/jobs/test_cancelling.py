"""Cancelling in every state: it ends, it tells the truth, and nothing is paid afterwards."""

from datetime import timedelta

import pytest
import requests
from django.utils import timezone

from jobs import services
from jobs.engine import due, poll, progress, sweep
from jobs.messages import MAYBE_PAID, explain
from jobs.models import JobEvent, JobQueue
from jobs.states import Status
from models_app.models import UserModel
from providers.errors import UnsupportedFeatureError
from providers.local.provider import Local
from tests.factories import JobFactory

HOUR = timedelta(hours=1)
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("machine_clock")]


def test_cancelling_ends_although_the_trainer_never_comes_back(scripted):
    asked = timezone.now() - 2 * HOUR
    job = JobFactory(running=True, cancel_requested_at=asked, last_seen_at=asked - HOUR)
    scripted.fails_to_list(body=requests.ConnectionError("refused"))
    poll.poll("local")
    sweep.end_unheard_cancellations()
    job.refresh_from_db()
    assert job.status == Status.CANCELLED
    assert UserModel.objects.get().is_editable
    job.provider = "together"
    assert explain(job).cost == MAYBE_PAID


@pytest.mark.parametrize(
    ("asked_before", "seen_after"), [(timedelta(minutes=5), False), (2 * HOUR, True)]
)
def test_a_wish_the_trainer_may_still_hear_is_waited_for(scripted, asked_before, seen_after):
    asked = timezone.now() - asked_before
    seen = timezone.now() if seen_after else asked - HOUR
    job = JobFactory(running=True, cancel_requested_at=asked, last_seen_at=seen)
    sweep.end_unheard_cancellations()
    job.refresh_from_db()
    assert job.status == Status.RUNNING


def test_trying_again_takes_an_earlier_wish_to_cancel_back(scripted):
    job = JobFactory(unknown=True, cancel_requested_at=timezone.now())
    services.declare_not_started(job, by="ann@example.org")
    sweep.end_cancelled_in_queue()
    job.refresh_from_db()
    assert job.status == Status.QUEUED
    assert due.submissions() == [str(job.pk)]


@pytest.mark.parametrize("trait", ["submitting", "unknown", "finishing"])
def test_nobody_claims_that_the_trainer_was_asked_to_stop_before_it_was(trait):
    job = JobFactory(**{trait: True}, cancel_requested_at=timezone.now())
    assert "asked to stop" not in explain(job).sentence


def test_a_job_that_is_found_after_it_was_cancelled_is_stopped(scripted):
    job = JobFactory(unknown=True, cancel_requested_at=timezone.now())
    scripted.lists({"id": "ft-1", "status": "running", "suffix": job.correlation})
    scripted.cancels("ft-1")
    for _ in range(2):
        JobQueue.objects.update(next_poll_at=timezone.now())
        poll.poll("local")
    assert scripted.count("POST", "/fine-tunes/ft-1/cancel") == 1


def test_cancellations_that_fail_do_not_hide_the_next(scripted, monkeypatch):
    monkeypatch.setattr(progress, "CANCELS_PER_POLL", 3)
    asked = timezone.now()
    jobs = [JobFactory(running=True, run_id=f"ft-{n}", cancel_requested_at=asked) for n in range(5)]
    scripted.lists(*({"id": job.run_id, "status": "running"} for job in jobs))
    for job in jobs:
        scripted.mock.post(f"http://127.0.0.1:9/v1/fine-tunes/{job.run_id}/cancel", status=500)
    for _ in range(2):
        JobQueue.objects.update(next_poll_at=timezone.now())
        poll.poll("local")
    assert [scripted.count("POST", f"/fine-tunes/{job.run_id}/cancel") for job in jobs] == [1] * 5


def test_a_cancellation_that_failed_is_passed_on_again_the_longest_waiting_first(
    scripted, monkeypatch
):
    monkeypatch.setattr(progress, "CANCELS_PER_POLL", 1)
    sent = [timezone.now() - timedelta(minutes=minutes) for minutes in (3, 9, 6)]
    for number, moment in enumerate(sent):
        run_id = f"ft-{number}"
        JobFactory(running=True, run_id=run_id, cancel_requested_at=moment, cancel_sent_at=moment)
        scripted.cancels(run_id)
    scripted.lists(*({"id": f"ft-{number}", "status": "running"} for number in range(3)))
    poll.poll("local")
    assert [scripted.count("POST", f"/fine-tunes/ft-{n}/cancel") for n in range(3)] == [0, 1, 0]


def test_a_cancellation_that_trips_leaves_the_others_passed_on(scripted, monkeypatch):
    bad, good = (
        JobFactory(running=True, run_id=run_id, cancel_requested_at=timezone.now())
        for run_id in ("ft-bad", "ft-good")
    )
    scripted.lists(*({"id": job.run_id, "status": "running"} for job in (bad, good)))
    asked: list[str] = []

    def trips(self, ref):
        asked.append(ref.id)
        raise RuntimeError("a surprise")

    monkeypatch.setattr(Local, "cancel_run", trips)
    poll.poll("local")
    assert sorted(asked) == ["ft-bad", "ft-good"]


def test_a_trainer_that_cannot_cancel_is_said_so_once(scripted, monkeypatch):
    def cannot(self, run_id):
        raise UnsupportedFeatureError("local", "cancelling")

    monkeypatch.setattr(Local, "cancel_run", cannot)
    job = JobFactory(running=True, run_id="ft-1", cancel_requested_at=timezone.now())
    scripted.lists({"id": "ft-1", "status": "running"})
    for _ in range(3):
        poll.poll("local")
        long_ago = timezone.now() - timedelta(minutes=5)
        JobQueue.objects.update(next_poll_at=timezone.now(), cancel_sent_at=long_ago)
    assert JobEvent.objects.filter(job=job, text__contains="cannot cancel").count() == 1
