"""A worker frozen at the worst moment and woken much later sends nothing any more."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from jobs import clock, services
from jobs.engine import submit
from jobs.engine.transitions import LEASE, claim_queued, mark_sent
from jobs.models import JobQueue
from jobs.states import Status
from providers.http import send_once
from tests.factories import JobFactory
from training.selectors import next_idempotency_key
from training.services import start
from training.work import TrainingWork

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(draft, scripted) -> JobQueue:
    return start(draft, idempotency_key=next_idempotency_key(draft))


def test_a_worker_frozen_right_after_its_mark_may_not_send_when_it_wakes(
    job, scripted, monkeypatch
):
    allowed_until: list[float] = []
    pay = TrainingWork.submit

    def watched(work, claimed, provider, request, *, not_after):
        allowed_until.append(not_after - send_once.steady_seconds())
        return pay(work, claimed, provider, request, not_after=not_after)

    scripted.accepts()
    monkeypatch.setattr(TrainingWork, "submit", watched)
    steady = send_once.steady_seconds

    def frozen(*mark):
        is_ours = mark_sent(*mark)
        monkeypatch.setattr(send_once, "steady_seconds", lambda: steady() + 600)
        return is_ours

    monkeypatch.setattr(submit, "mark_sent", frozen)
    submit.submit(job.pk)
    assert allowed_until[0] < 0


@pytest.mark.usefixtures("machine_clock")
def test_pressing_again_waits_until_the_lost_call_can_no_longer_arrive(scripted):
    on_its_way_until = timezone.now() + timedelta(seconds=60)
    job = JobFactory(unknown=True, call_over_at=on_its_way_until)
    services.declare_not_started(job, by="ann@example.org")
    assert job.status == Status.QUEUED
    assert job.next_poll_at == on_its_way_until
    assert claim_queued(job.pk) is None


def test_a_web_server_whose_clock_is_ahead_does_not_delay_the_start(draft, monkeypatch):
    true_time = timezone.now()
    monkeypatch.setattr(clock, "now", lambda: true_time)
    with time_machine.travel(true_time + timedelta(days=1)):
        job = start(draft, idempotency_key=next_idempotency_key(draft))
    assert claim_queued(job.pk) is not None


def test_a_job_that_kills_its_workers_is_tried_less_and_less_often(scripted):
    from jobs.engine import sweep

    job = JobFactory()
    waits = []
    for _ in range(4):
        JobQueue.objects.update(next_poll_at=timezone.now())
        assert claim_queued(job.pk)
        JobQueue.objects.update(lease_until=timezone.now() - LEASE)
        sweep.recover_leases()
        job.refresh_from_db()
        waits.append(round((job.next_poll_at - timezone.now()).total_seconds()))
    assert waits == [0, 2, 4, 8]


def test_a_claim_is_not_kept_alive_for_ever_by_a_worker_that_hangs(monkeypatch, scripted):
    from jobs.engine import leases

    renewed: list[object] = []
    monkeypatch.setattr(leases, "renew", lambda job: renewed.append(job) or True)
    monkeypatch.setattr(leases, "LEASE", timedelta(seconds=0.03))
    monkeypatch.setattr(leases, "LONGEST_WORK", timedelta(seconds=0))
    renew_until, has_stopped = leases._renew_until, threading.Event()

    def watched(job, done):
        renew_until(job, done)
        has_stopped.set()

    monkeypatch.setattr(leases, "_renew_until", watched)
    with leases.renewed_lease(JobFactory(submitting=True)):
        assert has_stopped.wait(timeout=5)
    assert renewed == []
