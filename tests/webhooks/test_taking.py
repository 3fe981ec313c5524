"""A webhook finds a lost run and hurries a poll; it decides nothing else, and proves nothing."""

from __future__ import annotations

import logging
import re
from datetime import timedelta

import pytest
from django.utils import timezone

from jobs import services
from jobs.engine import due, orphans, poll, prune, sweep
from jobs.engine.acceptance import accept_run
from jobs.engine.submit import submit
from jobs.models import JobQueue, OrphanRun, ProviderStatus, WebhookCount, WebhookReceipt
from jobs.states import Status
from providers import registry
from providers.types import Run, RunStatus
from tests.factories import JobFactory
from tests.scripted_trainer import BASE
from tests.webhooks.hooked import OTHER_SECRET

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hooked")]
Result = WebhookReceipt.Result


def received(job: JobQueue, run_id: str = "ft-7", delivery: str = "msg_1") -> WebhookReceipt:
    return WebhookReceipt.objects.create(
        provider="local", delivery_id=delivery, run_id=run_id, job=job
    )


def shows(hooked, run_id: str = "ft-7", status: str = "running", **about: object) -> None:
    hooked.mock.get(f"{BASE}/fine-tunes/{run_id}", json={"id": run_id, "status": status, **about})
    hooked.logs(run_id)


def misses(hooked, run_id: str = "ft-7") -> None:
    hooked.mock.get(
        f"{BASE}/fine-tunes/{run_id}", status=404, json={"error": {"message": "not found"}}
    )


def polled(job: JobQueue) -> JobQueue:
    poll.poll("local")
    job.refresh_from_db()
    return job


def result() -> str:
    return WebhookReceipt.objects.get().result


def again_at_once() -> None:
    WebhookReceipt.objects.update(next_try_at=timezone.now())


def test_a_lost_run_is_adopted_once_the_provider_shows_it_to_us(hooked):
    lost = JobFactory(unknown=True)
    shows(hooked)
    hooked.lists({"id": "ft-7", "status": "running"})
    received(lost)
    assert due.polls() == ["local"]
    assert (polled(lost).status, lost.run_id, result()) == (Status.RUNNING, "ft-7", Result.ADOPTED)
    assert hooked.count("GET", "/fine-tunes/ft-7") == 1


def test_a_run_that_is_over_already_is_adopted_as_what_it_is(hooked):
    lost = JobFactory(unknown=True)
    shows(hooked, status="completed", model_output_name="m")
    hooked.lists()
    received(lost)
    assert polled(lost).status == Status.FINISHING


def test_what_the_body_said_of_it_is_not_believed(hooked, send):
    """It says `succeeded`; the provider says that it goes on."""
    job = JobFactory(running=True, run_id="ft-7", next_poll_at=timezone.now() + timedelta(hours=1))
    assert send(job).status_code == 204
    hooked.lists({"id": "ft-7", "status": "running"})
    assert polled(job).status == Status.RUNNING
    assert job.last_seen_at is not None
    assert result() == Result.HURRIED


def test_a_run_that_the_provider_does_not_show_us_is_asked_for_again_and_then_refused(
    hooked, caplog
):
    """As one that a stranger had signed by a provider whose keys are the same for everybody."""
    caplog.set_level(logging.INFO, "theway.security")
    lost = JobFactory(unknown=True)
    misses(hooked)
    hooked.lists()
    receipt = received(lost)
    assert (polled(lost).status, result()) == (Status.UNKNOWN, "")
    polled(lost)
    assert hooked.count("GET", "/fine-tunes/ft-7") == 1  # not at every poll
    again_at_once()
    WebhookReceipt.objects.update(received_at=receipt.received_at - timedelta(hours=2))
    assert (polled(lost).status, result()) == (Status.UNKNOWN, Result.NOT_OURS)
    assert f"reason=not_ours job={lost.pk}" in caplog.text
    assert WebhookCount.objects.get().outcome == "not_ours"


def test_a_provider_that_does_not_answer_settles_nothing(hooked):
    lost = JobFactory(unknown=True)
    hooked.mock.get(f"{BASE}/fine-tunes/ft-7", status=503)
    hooked.lists()
    received(lost)
    assert (polled(lost).status, result()) == (Status.UNKNOWN, "")
    hooked.mock.upsert("GET", f"{BASE}/fine-tunes/ft-7", json={"id": "ft-7", "status": "running"})
    hooked.logs("ft-7")
    again_at_once()
    assert (polled(lost).status, result()) == (Status.RUNNING, Result.ADOPTED)


def test_who_does_not_answer_about_one_is_not_asked_about_the_others(hooked):
    hooked.mock.get(re.compile(rf"{BASE}/fine-tunes/ft-\d"), status=503)
    hooked.lists()
    for number in range(5):
        received(JobFactory(unknown=True), f"ft-{number}", f"msg_{number}")
    poll.poll("local")
    assert (
        sum(re.search(r"/ft-\d$", call.request.url) is not None for call in hooked.mock.calls) == 1
    )
    assert ProviderStatus.objects.get().unanswered_count == 0  # its list came after it


def _followed(job: JobQueue) -> None:
    JobFactory(running=True, run_id="ft-7", next_poll_at=timezone.now() + timedelta(hours=1))


def _done(job: JobQueue) -> None:
    JobFactory(succeeded=True, run_id="ft-7")


def _left(job: JobQueue) -> None:
    OrphanRun.objects.create(job=JobFactory(cancelled=True), run_id="ft-7")


@pytest.mark.parametrize("belongs", [_followed, _done, _left])
def test_a_run_of_another_job_is_never_adopted(hooked, belongs):
    lost = JobFactory(unknown=True)
    belongs(lost)
    hooked.lists()
    received(lost)
    assert (polled(lost).status, result()) == (Status.UNKNOWN, Result.NOT_OURS)
    assert hooked.count("GET", "/fine-tunes/ft-7") == 0


@pytest.mark.parametrize("about", ["token", "look-up key", "age"])
def test_a_run_that_shows_that_it_is_not_the_jobs_is_never_adopted(hooked, about):
    lost, other = JobFactory(unknown=True), JobFactory(unknown=True, lookup_key="tw-elsewhere")
    shown = {
        "token": {"suffix": other.correlation},
        "look-up key": {"suffix": "tw-elsewhere"},
        "age": {"created_at": "2020-01-01T00:00:00Z"},
    }
    shows(hooked, **shown[about])
    hooked.lists()
    received(lost)
    assert (polled(lost).status, result()) == (Status.UNKNOWN, Result.NOT_OURS)


def test_a_running_job_becomes_due_without_a_call_about_its_webhook(hooked):
    job = JobFactory(running=True, run_id="ft-7", next_poll_at=timezone.now() + timedelta(hours=1))
    hooked.lists({"id": "ft-7", "status": "completed", "model_output_name": "m"})
    received(job)
    assert (polled(job).status, result()) == (Status.FINISHING, Result.HURRIED)


def test_the_job_that_was_told_to_adopt_a_run_is_hurried_by_the_address_of_the_first(hooked):
    first = JobFactory(failed=True, run_id="")
    later = timezone.now() + timedelta(hours=1)
    told = JobFactory(
        running=True,
        run_id="ft-7",
        model=first.model,
        payload={"adopt_run": "ft-7"},
        next_poll_at=later,
    )
    hooked.lists({"id": "ft-7", "status": "completed", "model_output_name": "m"})
    received(first)
    assert (polled(told).status, result()) == (Status.FINISHING, Result.HURRIED)


def test_one_that_is_faster_than_the_answer_is_taken(hooked):
    job = JobFactory(submitting=True, sent_at=timezone.now())
    shows(hooked)
    hooked.lists({"id": "ft-7", "status": "running"})
    received(job)
    assert polled(JobQueue.objects.get()).status == Status.RUNNING
    accept_run(job, Run("ft-7", RunStatus.SUCCEEDED))
    answered = JobQueue.objects.get()
    assert (answered.status, answered.incident) == (Status.FINISHING, "")


def test_one_prevents_the_call_that_a_person_asked_for_again(hooked):
    job = JobFactory(unknown=True)
    services.declare_not_started(job, by="ann")
    shows(hooked)
    hooked.lists({"id": "ft-7", "status": "running"})
    received(job)
    polled(job)
    submit(job.pk)
    job.refresh_from_db()
    assert (job.status, job.run_id, hooked.starts) == (Status.RUNNING, "ft-7", 0)


@pytest.mark.parametrize("status", ["cancelled", "failed", "running"])
def test_one_about_a_run_that_nobody_follows_is_told_and_has_it_stopped(status, hooked):
    """Without a list nobody else would ever look at it."""
    job = JobFactory(status=status, run_id="ft-1")
    shows(hooked)
    hooked.lists({"id": "ft-1", "status": "running"})
    hooked.cancels("ft-7")
    received(job)
    polled(job)
    assert "ft-7" in job.incident
    orphans.stop_known(registry.get("local"))
    assert hooked.count("POST", "/fine-tunes/ft-7/cancel") == 1
    assert result() == Result.SECOND_RUN


def test_a_receipt_that_nobody_handled_is_found_by_the_sweep(hooked, send, monkeypatch):
    """Its message was lost, or whoever had it was killed."""
    lost = JobFactory(unknown=True)
    assert send(lost).status_code == 204
    assert due.polls() == ["local"]
    shows(hooked)
    hooked.lists({"id": "ft-7", "status": "running"})
    assert polled(lost).status == Status.RUNNING
    assert due.polls() == []


class Killed(BaseException):
    """Stops the code like SIGKILL does: no handler for exceptions runs."""


@pytest.mark.parametrize(
    "step",
    ["jobs.engine.webhooks.take", "jobs.engine.reconcile.found", "jobs.engine.receipts.settle"],
)
def test_a_worker_that_is_killed_at_any_step_leaves_it_to_the_next(hooked, monkeypatch, step):
    def die(*_args):
        raise Killed

    lost = JobFactory(unknown=True)
    shows(hooked)
    hooked.lists({"id": "ft-7", "status": "running"})
    received(lost)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(step, die)
        poll.poll("local")
    again_at_once()
    assert (polled(lost).status, lost.run_id) == (Status.RUNNING, "ft-7")
    assert WebhookReceipt.objects.get().handled_at is not None
    assert lost.events.filter(text__startswith="Found at the trainer").count() == 1


def test_a_clock_that_is_set_back_delays_none(hooked):
    received(JobFactory(unknown=True))
    WebhookReceipt.objects.update(next_try_at=timezone.now() + timedelta(days=30))
    sweep.bring_times_back()
    assert due.polls() == ["local"]


def test_old_ones_are_deleted(hooked):
    old = received(JobFactory(running=True))
    received(old.job, delivery="msg_2")
    WebhookReceipt.objects.filter(pk=old.pk).update(received_at=timezone.now() - timedelta(days=31))
    assert prune.prune_webhooks() == 1
    assert WebhookReceipt.objects.get().delivery_id == "msg_2"


def test_none_of_it_is_needed(hooked, send):
    """What is refused, or never comes, is found by polling as before."""
    job = JobFactory(running=True, run_id="ft-7")
    assert send(job, secret=OTHER_SECRET).status_code == 401
    hooked.lists({"id": "ft-7", "status": "completed", "model_output_name": "m"})
    assert polled(job).status == Status.FINISHING


def test_runs_are_polled_rarely_only_while_reports_arrive(hooked, send):
    since = timezone.now() - timedelta(hours=1)
    job = JobFactory(running=True, run_id="ft-7", submitted_at=since)
    hooked.lists({"id": "ft-7", "status": "running"})

    def wait() -> timedelta:
        again_at_once()
        JobQueue.objects.update(next_poll_at=timezone.now())
        return polled(job).next_poll_at - timezone.now()

    assert wait() < timedelta(seconds=10)
    assert send(job).status_code == 204
    assert timedelta(seconds=50) < wait() <= timedelta(seconds=60)
    WebhookReceipt.objects.update(received_at=timezone.now() - timedelta(days=8))
    assert wait() < timedelta(seconds=10)
