"""What is dispatched: as much as there is room for, and the next one as soon as there is."""

from datetime import timedelta

import pytest
from django.utils import timezone

from jobs import tasks
from jobs.engine import due
from jobs.engine.transitions import CALLS_PER_PROVIDER
from tests.factories import JobFactory
from training.selectors import next_idempotency_key
from training.services import start

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("machine_clock")]


@pytest.fixture
def dispatched(monkeypatch) -> list[str]:
    ids: list[str] = []
    monkeypatch.setattr(tasks, "dispatch", lambda _task, job_id: ids.append(job_id))
    return ids


def test_messages_about_what_must_wait_anyway_do_not_fill_the_queue():
    JobFactory.create_batch(CALLS_PER_PROVIDER + 3)
    assert len(due.submissions()) == CALLS_PER_PROVIDER
    JobFactory(submitting=True)
    assert len(due.submissions()) == CALLS_PER_PROVIDER - 1


def test_results_have_places_of_their_own():
    JobFactory.create_batch(CALLS_PER_PROVIDER, submitting=True)
    waiting = JobFactory(finishing=True)
    JobFactory(finishing=True, lease_until=timezone.now() + timedelta(minutes=1))
    assert due.submissions() == []
    assert due.collections() == [str(waiting.pk)]


def test_one_provider_without_room_leaves_the_others_theirs():
    JobFactory.create_batch(CALLS_PER_PROVIDER, submitting=True)
    JobFactory.create_batch(2)
    elsewhere = JobFactory(provider="together")
    assert due.submissions() == [str(elsewhere.pk)]


def test_a_job_whose_lost_call_may_be_under_way_is_not_due():
    JobFactory(call_over_at=timezone.now() + timedelta(minutes=1))
    assert due.submissions() == []


def test_a_place_goes_to_the_next_without_waiting_for_a_sweep(draft, scripted, dispatched):
    scripted.accepts("ft-1")
    job = start(draft, idempotency_key=next_idempotency_key(draft))
    waiting = JobFactory()
    tasks.submit_job(str(job.pk))
    assert dispatched == [str(waiting.pk)]


def test_a_job_that_had_no_turn_wakes_nobody(dispatched):
    JobFactory()
    for task in (tasks.submit_job, tasks.collect_job):
        task(str(JobFactory(running=True).pk))
    assert dispatched == []
