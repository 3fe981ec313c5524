"""One never stops all: a provider that hangs, an owner with a thousand jobs, a locked row."""

from datetime import timedelta

import pytest
import time_machine
from django.db import OperationalError
from django.utils import timezone

from jobs import clock
from jobs.engine import due, poll, progress, provider_status, sweep
from jobs.engine.submit import submit
from jobs.engine.transitions import CALLS_PER_PROVIDER, claim_finishing, claim_queued
from jobs.models import Heartbeat, JobEvent, JobQueue, ProviderStatus
from jobs.recovery import run_to_fetch
from jobs.states import Status
from providers import registry
from providers.errors import ProviderUnavailableError, RateLimitedError
from providers.local.provider import Local
from providers.types import Capability, Run, RunStatus
from tests.factories import JobFactory, UserModelFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("machine_clock")]


def test_a_provider_has_only_so_many_calls_under_way():
    JobFactory.create_batch(CALLS_PER_PROVIDER, submitting=True)
    waiting, elsewhere = JobFactory(), JobFactory(provider="together")
    assert claim_queued(waiting.pk) is None
    assert claim_queued(elsewhere.pk) is not None
    waiting.refresh_from_db()
    assert waiting.status == Status.QUEUED


def test_a_call_whose_worker_is_gone_does_not_take_a_place_for_ever():
    past = timezone.now() - timedelta(seconds=1)
    JobFactory.create_batch(CALLS_PER_PROVIDER, submitting=True, lease_until=past)
    assert claim_queued(JobFactory().pk) is not None


def test_results_are_collected_only_so_many_at_once():
    soon = timezone.now() + timedelta(minutes=1)
    JobFactory.create_batch(CALLS_PER_PROVIDER, finishing=True, lease_until=soon)
    assert claim_finishing(JobFactory(finishing=True).pk) is None


def test_collecting_takes_no_place_of_submitting():
    soon = timezone.now() + timedelta(minutes=1)
    JobFactory.create_batch(CALLS_PER_PROVIDER, finishing=True, lease_until=soon)
    assert claim_queued(JobFactory().pk) is not None


def test_a_provider_that_does_not_answer_is_paused_longer_and_longer():
    pauses = []
    for _ in range(6):
        provider_status.record_failure("local", ProviderUnavailableError("local", "timed out"))
        until = ProviderStatus.objects.get().paused_until
        pauses.append(round((until - timezone.now()).total_seconds()) if until else 0)
    assert pauses == [0, 0, 2, 4, 8, 16]
    provider_status.record_answer("local")
    assert ProviderStatus.objects.get().unanswered_count == 0


def test_while_it_is_paused_nothing_is_claimed_for_it_and_no_event_is_written():
    soon = timezone.now() + timedelta(minutes=1)
    ProviderStatus.objects.create(provider="local", paused_until=soon)
    job = JobFactory()
    submit(job.pk)
    assert due.submissions() == []
    assert not JobEvent.objects.exists()


def test_a_rate_limit_of_any_call_holds_for_all(scripted):
    JobFactory(running=True, run_id="ft-1")
    scripted.lists({"id": "ft-1", "status": "running", "step": 3})
    scripted.mock.upsert(
        "GET",
        "http://127.0.0.1:9/v1/fine-tunes/ft-1/events",
        status=429,
        headers={"Retry-After": "30"},
    )
    poll.poll("local")
    assert provider_status.paused() == ["local"]


def test_one_owners_thousand_jobs_do_not_hide_anothers_one():
    model = UserModelFactory(ready=True)
    early = timezone.now() - timedelta(hours=1)
    JobFactory.create_batch(20, kind="generation", model=model, next_poll_at=early)
    lonely = JobFactory()
    assert str(lonely.pk) in due.submissions()[:2]


def test_one_owners_many_runs_do_not_hide_anothers_one_from_single_looks(scripted, monkeypatch):
    gone = {Capability.FOLLOW_TRAININGS, Capability.FIND_TRAININGS}
    monkeypatch.setattr(Local, "capabilities", Local.capabilities - gone)
    monkeypatch.setattr(Local, "calls_per_second", 2.0)
    early = timezone.now() - timedelta(minutes=1)
    crowd = UserModelFactory(training=True).owner
    for number in range(8):
        model = UserModelFactory(training=True, owner=crowd)
        JobFactory(model=model, running=True, run_id=f"ft-{number}", next_poll_at=early)
    lonely = JobFactory(running=True, run_id="ft-lonely")
    for job in JobQueue.objects.all():
        run = {"id": job.run_id, "status": "running", "step": 3}
        scripted.mock.get(f"http://127.0.0.1:9/v1/fine-tunes/{job.run_id}", json=run)
        scripted.logs(job.run_id)
    poll.poll("local")
    lonely.refresh_from_db()
    assert lonely.step == 3
    assert JobQueue.objects.filter(step=3).count() == 4


def test_a_stage_of_the_sweep_that_fails_stops_no_other(monkeypatch):
    def fails():
        raise RuntimeError("a stage that trips")

    monkeypatch.setattr(sweep, "recover_leases", fails)
    job = JobFactory(cancel_requested_at=timezone.now())
    sweep.settle()
    job.refresh_from_db()
    assert job.status == Status.CANCELLED
    assert Heartbeat.objects.filter(name=sweep.HEARTBEAT).exists()


def test_a_locked_row_costs_itself_only(monkeypatch):
    """PostgreSQL gives up waiting for a row with its own error code."""
    locked, free = (JobFactory(cancel_requested_at=timezone.now()) for _ in range(2))
    move = sweep.move

    def lock_timeout(job, *args, **changes):
        if job.pk == locked.pk:
            cause = Exception("canceling statement due to lock timeout")
            cause.sqlstate = "55P03"
            raise OperationalError from cause
        move(job, *args, **changes)

    monkeypatch.setattr(sweep, "move", lock_timeout)
    sweep.end_cancelled_in_queue()
    free.refresh_from_db()
    assert free.status == Status.CANCELLED


def test_a_poll_that_wakes_up_late_writes_nothing(scripted):
    JobFactory(running=True, run_id="ft-1")
    stale = JobQueue.objects.get()
    provider = registry.get("local")
    progress.observe_all(
        provider,
        [(JobQueue.objects.get(), Run("ft-1", RunStatus.RUNNING, step=50, total_steps=90))],
        clock.now(),
    )
    progress.observe_all(
        provider,
        [(stale, Run("ft-1", RunStatus.RUNNING, step=7, total_steps=90))],
        clock.now(),
    )
    assert JobQueue.objects.get().step == 50
    assert JobEvent.objects.filter(kind="progress").count() == 1


def test_a_due_time_is_only_written_by_who_has_read_the_row_as_it_is(scripted):
    JobFactory(running=True, run_id="ft-1")
    stale = JobQueue.objects.get()
    later = timezone.now() + timedelta(hours=1)
    JobQueue.objects.update(version=stale.version + 1, next_poll_at=later)
    poll.not_observed([stale], RateLimitedError("local", retry_after=1))
    assert JobQueue.objects.get().next_poll_at == later


def test_a_run_that_ended_here_is_asked_to_stop_until_that_is_confirmed(scripted):
    """Its deadline came; this provider is asked about it by itself, list or not."""
    job = JobFactory(running=True, run_id="ft-1", deadline_at=timezone.now() - timedelta(minutes=1))
    JobQueue.objects.update(last_seen_at=timezone.now())
    sweep.end_overdue()
    job.refresh_from_db()
    assert (job.status, job.error_code) == (Status.FAILED, "deadline")
    run = "http://127.0.0.1:9/v1/fine-tunes/ft-1"
    scripted.mock.get(run, json={"id": "ft-1", "status": "running"})
    scripted.cancels("ft-1")
    poll.poll("local")
    assert scripted.count("POST", "/fine-tunes/ft-1/cancel") == 1
    poll.poll("local")  # not at every poll
    assert scripted.count("POST", "/fine-tunes/ft-1/cancel") == 1
    scripted.mock.upsert("GET", run, json={"id": "ft-1", "status": "completed"})
    with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=False):
        poll.poll("local")
    job.refresh_from_db()
    assert not job.orphan_runs.exclude(next_try_at=None).exists()
    assert "completed" in job.incident
    assert run_to_fetch(job) == "ft-1"  # it was paid for


def test_a_second_run_that_completed_is_an_incident_too(scripted):
    lost = JobFactory(unknown=True)
    JobQueue.objects.update(status=Status.CANCELLED)
    JobFactory(running=True, run_id="ft-other")
    scripted.lists(
        {"id": "ft-late", "status": "completed", "suffix": lost.correlation},
        {"id": "ft-other", "status": "running"},
    )
    poll.poll("local")
    lost.refresh_from_db()
    assert "ft-late completed" in lost.incident


def test_twelve_calls_into_a_provider_that_never_answers_leave_others_their_places(scripted):
    hanging = JobFactory.create_batch(12, provider="together")
    claimed = [claim_queued(job.pk) for job in hanging]
    assert sum(one is not None for one in claimed) == CALLS_PER_PROVIDER
    assert claim_queued(JobFactory().pk) is not None


def test_the_next_poll_is_due_an_interval_after_the_provider_was_asked(scripted):
    JobFactory(running=True, run_id="ft-1")
    asked_at = clock.now() - timedelta(seconds=7)  # thousands of others were stored before it
    progress.observe_all(
        registry.get("local"),
        [(JobQueue.objects.get(), Run("ft-1", RunStatus.RUNNING, step=50, total_steps=90))],
        asked_at,
    )
    job = JobQueue.objects.get()
    assert asked_at < job.next_poll_at < asked_at + timedelta(seconds=5)
    assert job.last_seen_at > asked_at + timedelta(seconds=6)
