"""Runs that no list shows take turns: a bounded number of calls, and nobody is forgotten."""

from datetime import timedelta

import pytest
from django.utils import timezone

from jobs import services
from jobs.engine import poll, turns
from jobs.engine.turns import Budget
from jobs.models import JobQueue, ProviderStatus
from providers import registry
from providers.local.provider import Local
from providers.types import FOLLOWING, Capability, LogLine, Run, RunLog, RunStatus, WorkKind
from tests.factories import JobFactory, UserModelFactory
from tests.jobs.sweeps import a_sweep_passes

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("machine_clock")]
MINUTE = timedelta(minutes=1)


class Crowd:
    """What a provider without a list is asked for, run by run."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.log: RunLog | None = None

    def get_run(self, provider, ref):
        self.asked.append(ref.id)
        return Run(ref.id, RunStatus.RUNNING, log=self.log, step=self.log and self.log.step)


@pytest.fixture
def crowd(monkeypatch, scripted):
    """The local trainer, as if it had no list."""
    crowd = Crowd()
    gone = {*FOLLOWING.values(), Capability.LOG}
    monkeypatch.setattr(Local, "capabilities", Local.capabilities - gone)
    monkeypatch.setattr(Local, "get_run", lambda self, ref: crowd.get_run(self, ref))
    monkeypatch.setattr(Local, "calls_per_second", 2.0)
    return crowd


def due(run_id: str, *, waits: timedelta = MINUTE, ends_in: timedelta | None = None, **changes):
    now = timezone.now()
    ends_at = now + ends_in if ends_in is not None else None
    return JobFactory(
        running=True, run_id=run_id, next_poll_at=now - waits, eta_at=ends_at, **changes
    )


def chosen(count: int) -> list[str]:
    provider = registry.get("local")
    return [job.run_id for job in turns.chosen(provider, list(WorkKind), count)]


def test_half_of_the_calls_go_to_whoever_waits_longest(crowd):
    owner = UserModelFactory(training=True).owner
    for number in range(6):
        model = UserModelFactory(training=True, owner=owner)
        due(f"far-{number}", waits=(9 - number) * MINUTE, ends_in=60 * MINUTE, model=model)
    assert chosen(4)[:2] == ["far-0", "far-1"]


def test_the_other_half_goes_to_those_whose_end_is_nearest(crowd):
    owner = UserModelFactory(training=True).owner
    for number in range(6):
        model = UserModelFactory(training=True, owner=owner)
        due(f"run-{number}", waits=9 * MINUTE, ends_in=(60 - number) * MINUTE, model=model)
    due("nearly-done", waits=timedelta(seconds=1), ends_in=timedelta(seconds=5))
    assert "nearly-done" in chosen(4)


def test_what_nobody_knows_the_end_of_is_not_put_behind_what_takes_an_hour(crowd):
    for number in range(6):
        due(f"run-{number}", waits=9 * MINUTE, ends_in=60 * MINUTE)
    due("new", waits=timedelta(seconds=1))
    assert "new" in chosen(4)


def test_many_of_which_nobody_knows_the_end_do_not_hide_one_that_ends(crowd):
    owner = UserModelFactory(training=True).owner
    hour_ago = timezone.now() - 60 * MINUTE
    for number in range(12):
        model = UserModelFactory(training=True, owner=owner)
        due(f"run-{number}", waits=9 * MINUTE, model=model, created_at=hour_ago)
    model = UserModelFactory(training=True, owner=owner)
    due("ends", waits=timedelta(seconds=1), ends_in=MINUTE, model=model, created_at=hour_ago)
    assert "ends" in chosen(4)


def test_every_owner_has_a_turn(crowd):
    owner = UserModelFactory(training=True).owner
    for number in range(9):
        model = UserModelFactory(training=True, owner=owner)
        due(f"theirs-{number}", waits=9 * MINUTE, ends_in=MINUTE, model=model)
    for number in range(2):
        due(f"lonely-{number}", waits=timedelta(seconds=1), ends_in=50 * MINUTE)
    assert {"lonely-0", "lonely-1"} < set(chosen(6))


def test_nobody_is_forgotten_although_others_end_all_the_time(crowd):
    """Runs near their end are due at every poll; the others still get half of the calls."""
    for number in range(12):
        due(f"far-{number}", ends_in=60 * MINUTE)
    for number in range(12):
        due(f"near-{number}", waits=timedelta(seconds=1), ends_in=timedelta(seconds=3))
    for _ in range(8):
        JobQueue.objects.filter(run_id__startswith="near").update(next_poll_at=timezone.now())
        poll.poll("local")
        a_sweep_passes()
    far = {run_id for run_id in crowd.asked if run_id.startswith("far")}
    assert len(far) == 12


def test_pictures_and_trainings_share_one_budget(crowd):
    for number in range(4):
        due(f"ft-{number}")
        due(f"img-{number}", kind="generation", model=UserModelFactory(ready=True))
    poll.poll("local")
    assert len(crowd.asked) == 4


def test_a_poll_that_comes_at_once_after_another_asks_for_next_to_nothing(crowd):
    for number in range(9):
        due(f"ft-{number}")
    for _ in range(3):
        poll.poll("local")
    assert len(crowd.asked) <= 4 + 2


@pytest.mark.parametrize(("seconds", "calls"), [(-60, 1), (0, 1), (2, 40), (3.5, 70), (3600, 120)])
def test_a_budget_grows_with_time_and_not_without_end(seconds, calls, monkeypatch):
    monkeypatch.setattr(Local, "calls_per_second", 20.0)
    assert Budget(registry.get("local"), timedelta(seconds=seconds)).left == calls


def test_who_has_just_asked_for_something_comes_first(crowd):
    jobs = [due(f"ft-{number}", waits=(9 - number) * MINUTE) for number in range(9)]
    JobQueue.objects.update(created_at=timezone.now() - 60 * MINUTE)
    services.poll_now(jobs[-1])
    assert chosen(1) == ["ft-8"]


def test_a_log_that_comes_with_the_run_is_taken_without_another_call(crowd):
    job = due("ft-1")
    crowd.log = RunLog((LogLine("Training"),), losses=((20, 0.5),), step=20, total_steps=100)
    for _ in range(2):
        JobQueue.objects.update(next_poll_at=timezone.now())
        poll.poll("local")
    job.refresh_from_db()
    assert (job.step, crowd.asked) == (20, ["ft-1", "ft-1"])
    assert job.events.filter(kind="log").count() == 1
    assert job.events.filter(kind="loss").count() == 1


def test_the_time_of_the_last_poll_is_kept_for_the_next(crowd):
    due("ft-1")
    poll.poll("local")
    assert ProviderStatus.objects.get(provider="local").polled_at is not None
