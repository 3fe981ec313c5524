"""From the queue to the provider: at most one paid call, whatever the answer."""

from contextlib import suppress

import pytest
import requests
import time_machine
from django.utils import timezone

from jobs import services
from jobs.engine.submit import submit
from jobs.models import JobEvent, JobQueue, ProviderStatus
from jobs.states import Status
from models_app.models import UserModel
from training.selectors import next_idempotency_key
from training.services import start

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(draft, scripted) -> JobQueue:
    return start(draft, idempotency_key=next_idempotency_key(draft))


def test_an_accepted_training_runs_under_the_providers_id(job, scripted):
    scripted.accepts("ft-7")
    submit(job.pk)
    job.refresh_from_db()
    assert (job.status, job.run_id) == (Status.RUNNING, "ft-7")
    assert UserModel.objects.get().status == UserModel.Status.TRAINING


def test_the_token_travels_with_the_paid_call(job, scripted):
    scripted.accepts()
    submit(job.pk)
    paid = scripted.mock.calls[-1].request
    assert paid.headers["X-Correlation-Id"] == job.correlation
    assert job.correlation in paid.body.decode()


def test_a_bell_that_rings_twice_pays_once(job, scripted):
    scripted.accepts()
    for _ in range(3):
        submit(job.pk)
    assert scripted.starts == 1


@pytest.mark.parametrize(
    "error",
    [requests.ReadTimeout("slow"), requests.ConnectionError("reset"), RuntimeError("a bug")],
)
def test_a_lost_answer_is_unclear_and_never_sent_again(job, scripted, error):
    scripted.breaks(error)
    submit(job.pk)
    submit(job.pk)
    job.refresh_from_db()
    assert (job.status, scripted.starts) == (Status.UNKNOWN, 1)


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_server_error_on_the_paid_call_is_unclear(job, scripted, status):
    scripted.answers(status)
    submit(job.pk)
    job.refresh_from_db()
    assert job.status == Status.UNKNOWN


def test_an_accepted_call_with_an_unreadable_answer_is_unclear(job, scripted):
    scripted.answers(200, body="<html>")
    submit(job.pk)
    job.refresh_from_db()
    assert job.status == Status.UNKNOWN


def test_too_many_requests_waits_as_long_as_it_was_told(job, scripted):
    scripted.answers(429, headers={"Retry-After": "90"})
    submit(job.pk)
    job.refresh_from_db()
    assert (job.status, job.sent_at) == (Status.QUEUED, None)
    assert 85 < (job.next_poll_at - timezone.now()).total_seconds() < 95
    assert ProviderStatus.objects.get().paused_until > timezone.now()


@pytest.mark.usefixtures("machine_clock")
def test_a_trainer_that_is_away_for_a_day_does_not_fill_the_timeline(job, scripted):
    scripted.answers(429)
    with time_machine.travel(timezone.now(), tick=False):  # no round is slow
        for _ in range(50):
            JobQueue.objects.update(next_poll_at=timezone.now())
            ProviderStatus.objects.update(paused_until=None)
            submit(job.pk)
    job.refresh_from_db()
    assert (job.status, scripted.starts) == (Status.QUEUED, 50)
    states = job.events.filter(kind=JobEvent.Kind.STATE).values_list("text", flat=True)
    assert list(states.order_by("pk")) == ["queued", "submitting", "queued"]


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "rejected"), (401, "authentication_failed"), (402, "out_of_credit")],
)
def test_a_refusal_fails_the_job_and_frees_the_model(job, scripted, status, code):
    scripted.answers(status, json={"error": {"message": "No.", "type": "x"}})
    submit(job.pk)
    job.refresh_from_db()
    model = UserModel.objects.get()
    assert (job.status, job.error_code) == (Status.FAILED, code)
    assert (model.status, model.is_editable) == (UserModel.Status.FAILED, True)
    assert "No." in model.failed_reason


def test_a_trainer_that_is_down_at_submit_keeps_the_job_waiting(job, scripted):
    scripted.mock.remove("POST", "http://127.0.0.1:9/v1/files/upload")
    scripted.mock.post(
        "http://127.0.0.1:9/v1/files/upload", body=requests.ConnectionError("refused")
    )
    submit(job.pk)
    job.refresh_from_db()
    assert (job.status, job.unanswered_count, scripted.starts) == (Status.QUEUED, 1, 0)
    assert job.next_poll_at > timezone.now()


def test_a_job_cancelled_while_its_photos_travel_is_never_paid(job, scripted, monkeypatch):
    from training.work import TrainingWork

    prepare = TrainingWork.prepare

    def cancelled_meanwhile(work, claimed, provider):
        services.cancel(JobQueue.objects.get(), by="the owner")
        return prepare(work, claimed, provider)

    monkeypatch.setattr(TrainingWork, "prepare", cancelled_meanwhile)
    submit(job.pk)
    job.refresh_from_db()
    assert (job.status, scripted.starts) == (Status.QUEUED, 0)
    submit(job.pk)
    assert scripted.starts == 0


def test_a_late_answer_is_adopted_where_the_job_became_unclear(job, scripted, monkeypatch):
    from jobs.engine import sweep
    from training.work import TrainingWork

    pay = TrainingWork.submit

    def frozen(work, claimed, provider, request, *, not_after):
        JobQueue.objects.update(lease_until=timezone.now() - timezone.timedelta(seconds=1))
        sweep.recover_leases()
        return pay(work, claimed, provider, request, not_after=not_after)

    monkeypatch.setattr(TrainingWork, "submit", frozen)
    scripted.accepts("ft-late")
    submit(job.pk)
    job.refresh_from_db()
    assert (job.status, job.run_id, job.incident) == (Status.RUNNING, "ft-late", "")


def test_an_accepted_run_is_saved_before_anything_else_can_fail(job, scripted, monkeypatch):
    from django.db import OperationalError

    from jobs.engine import provider_status

    def away(_provider):
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(provider_status, "record_answer", away)
    scripted.accepts("ft-paid")
    with suppress(OperationalError):
        submit(job.pk)
    job.refresh_from_db()
    assert (job.status, job.run_id) == (Status.RUNNING, "ft-paid")


def test_no_key_is_stored_with_an_error(job, scripted):
    scripted.answers(400, json={"error": {"message": "bad key secret-key", "type": "x"}})
    submit(job.pk)
    job.refresh_from_db()
    assert "secret-key" not in job.error_detail


def test_photos_are_uploaded_anew_where_a_lost_call_may_have_used_them_up(draft, scripted):
    """The trainer keeps no photo of a run that is over, and the lost call may have had one."""
    job = start(draft, idempotency_key=next_idempotency_key(draft))
    scripted.answers(503)
    scripted.lists()
    submit(job.pk)
    job.refresh_from_db()
    assert job.status == Status.UNKNOWN
    uploads = scripted.count("POST", "/files/upload")
    services.declare_not_started(job, by="ann")
    JobQueue.objects.update(call_over_at=timezone.now(), next_poll_at=timezone.now())
    submit(job.pk)
    assert scripted.count("POST", "/files/upload") == uploads + 1
