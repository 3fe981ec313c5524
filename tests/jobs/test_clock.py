from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from jobs import clock
from jobs.engine import due, poll, provider_status, sweep
from jobs.engine.transitions import claim_finishing, claim_queued
from jobs.models import JobQueue, OrphanRun
from jobs.states import Status
from providers.errors import RateLimitedError
from providers.http.calls import MAX_RETRY_AFTER
from tests.factories import JobFactory
from tests.scripted_trainer import BASE

pytestmark = pytest.mark.django_db


def test_a_worker_whose_clock_is_off_uses_the_databases():
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        ahead = clock.now() - timezone.now()
    if connection.vendor == "postgresql":
        assert ahead < timedelta(hours=-23)
    else:
        assert abs(ahead) < timedelta(seconds=5)


@pytest.mark.usefixtures("machine_clock")
def test_a_clock_that_is_set_back_by_hours_stops_nobody(scripted):
    """Due times, leases and pauses lie in a future that nobody waits for any more."""
    ahead = timezone.now() + timedelta(hours=3)
    times = {"next_poll_at": ahead, "lease_until": ahead}
    lost = JobFactory(submitting=True, **times)
    queued, fetching = JobFactory(**times), JobFactory(finishing=True, **times)
    running = JobFactory(running=True, run_id="ft-1", **times)
    ended = JobFactory(failed=True, run_id="ft-2")
    orphan = OrphanRun.objects.create(job=ended, run_id="ft-2", next_try_at=ahead)
    with time_machine.travel(ahead, tick=False):
        provider_status.record_failure("local", RateLimitedError("local", retry_after=60))
    sweep.settle()
    lost.refresh_from_db()
    assert lost.status == Status.QUEUED
    assert due.polls() == ["local"]
    assert (due.collections(), claim_finishing(fetching.pk) is None) == (
        [str(fetching.pk)],
        False,
    )
    assert claim_queued(queued.pk) is not None
    scripted.lists({"id": "ft-1", "status": "running", "step": 7})
    scripted.mock.get(f"{BASE}/fine-tunes/ft-2", json={"id": "ft-2", "status": "error"})
    poll.poll("local")
    running.refresh_from_db()
    orphan.refresh_from_db()
    assert (running.step, orphan.next_try_at) == (7, None)


@pytest.mark.usefixtures("machine_clock")
def test_the_longest_wait_that_a_provider_may_ask_for_is_kept(scripted):
    error = RateLimitedError("local", retry_after=MAX_RETRY_AFTER)
    provider_status.record_failure("local", error)
    job = JobFactory(running=True)
    poll.not_observed([job], error)
    assert provider_status.paused() == ["local"]
    assert poll.due_jobs("local", "training", Status.RUNNING) == []


@pytest.mark.usefixtures("machine_clock")
def test_a_lost_call_is_waited_for_however_far_away_its_end_is():
    """To wait too long costs time, to pay twice costs money."""
    JobFactory(call_over_at=timezone.now() + timedelta(hours=3))
    assert claim_queued(JobQueue.objects.get().pk) is None
