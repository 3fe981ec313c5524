"""The stages of the sweep: each fails for itself, is seen to fail, and hides no good row."""

from datetime import timedelta

import pytest
import time_machine
from django.db import OperationalError
from django.utils import timezone

from jobs import health, tasks
from jobs.engine import due, sweep
from jobs.models import Heartbeat, JobQueue
from jobs.states import Status
from tests.factories import JobFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("machine_clock")]
MINUTE = timedelta(minutes=1)


def fails():
    raise OperationalError("canceling statement due to statement timeout")


@pytest.fixture
def dispatched(scripted, monkeypatch) -> set[str]:
    names: set[str] = set()
    monkeypatch.setattr(tasks, "dispatch", lambda task, arg: names.add(task.__name__))
    return names


@pytest.mark.parametrize("stage", ["submissions", "polls", "collections", "descriptions"])
def test_dispatching_that_fails_stops_no_other(dispatched, monkeypatch, stage):
    for state in ({}, {"running": True}, {"finishing": True}):
        JobFactory(**state)
    monkeypatch.setattr(due, stage, fails)
    tasks.sweep_jobs()
    assert len(dispatched) == 3


@pytest.mark.parametrize(
    ("room", "stage"),
    [(sweep, "recover_leases"), (sweep, "adopt_kept_answers"), (due, "submissions")],
)
def test_a_stage_that_always_fails_is_a_problem_until_it_runs_through(
    dispatched, monkeypatch, room, stage
):
    tasks.sweep_jobs()
    now = timezone.now()
    with monkeypatch.context() as patch:
        patch.setattr(room, stage, fails)
        with time_machine.travel(now + MINUTE, tick=False):
            tasks.sweep_jobs()
            assert ["Parts of the sweep fail" in one for one in health.check().problems] == [True]
    with time_machine.travel(now + 2 * MINUTE, tick=False):
        tasks.sweep_jobs()
        assert health.check().problems == []


def test_a_stage_that_has_never_run_through_is_a_problem_too(dispatched, monkeypatch):
    monkeypatch.setattr(sweep, "recover_leases", fails)
    tasks.sweep_jobs()
    assert health.check().problems == []  # it may be a hiccup
    with time_machine.travel(timezone.now() + MINUTE, tick=False):
        tasks.sweep_jobs()
        assert health.check().late_stages == ("recover_leases",)


def test_a_part_that_an_update_has_removed_is_no_problem(dispatched):
    Heartbeat.objects.create(name="sweep:of_old", at=timezone.now() - 99 * MINUTE)
    tasks.sweep_jobs()
    assert health.check().problems == []


def trips_over(monkeypatch, bad: list[JobQueue]) -> None:
    move = sweep.move

    def trips(job, *args, **changes):
        if job.pk in {one.pk for one in bad}:
            raise RuntimeError("a surprise")
        move(job, *args, **changes)

    monkeypatch.setattr(sweep, "move", trips)
    monkeypatch.setattr(sweep, "BATCH", 3)


def rows(stage: str, count: int, **more) -> list[JobQueue]:
    past = timezone.now() - MINUTE
    states = {
        "recover_leases": {"submitting": True, "lease_until": past},
        "end_overdue": {"running": True, "deadline_at": past, "last_seen_at": timezone.now()},
        "end_cancelled_in_queue": {"cancel_requested_at": past},
        "end_unheard_cancellations": {"running": True, "cancel_requested_at": past - 99 * MINUTE},
    }
    return JobFactory.create_batch(count, **states[stage], **more)


STAGES = [
    "recover_leases",
    "end_overdue",
    "end_cancelled_in_queue",
    "end_unheard_cancellations",
]


@pytest.mark.parametrize("stage", STAGES)
def test_bad_rows_at_the_front_do_not_hide_the_good_ones(monkeypatch, stage):
    bad = rows(stage, 3, next_poll_at=timezone.now() - MINUTE)
    (good,) = rows(stage, 1)
    trips_over(monkeypatch, bad)
    before = good.status
    for _ in range(2):
        getattr(sweep, stage)()
    good.refresh_from_db()
    assert good.status != before


@pytest.mark.parametrize("stage", STAGES)
def test_what_is_only_polled_or_tried_again_later_is_settled_at_once(stage):
    """Its next look is due in a while: that is no reason to wait with its end."""
    (job,) = rows(stage, 1, next_poll_at=timezone.now() + MINUTE)
    before = job.status
    getattr(sweep, stage)()
    job.refresh_from_db()
    assert job.status != before


def test_a_queued_job_in_its_backoff_is_cancelled_although_bad_rows_wait(monkeypatch):
    bad = rows("end_cancelled_in_queue", 2)
    trips_over(monkeypatch, bad)
    (job,) = rows("end_cancelled_in_queue", 1, next_poll_at=timezone.now() + 10 * MINUTE)
    sweep.end_cancelled_in_queue()
    job.refresh_from_db()
    assert job.status == Status.CANCELLED
