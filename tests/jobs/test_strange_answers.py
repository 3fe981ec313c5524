"""Answers of a shape that nobody documents: each costs itself, and nothing else."""

import json

import pytest
from django.db import OperationalError
from django.utils import timezone

from jobs import selectors
from jobs.engine import describe, orphans, poll, provider_status, run_logs
from jobs.engine.acceptance import remember_orphan
from jobs.models import ProviderStatus
from jobs.states import Status
from providers import registry
from providers.local.provider import Local
from providers.types import Description, Run, RunStatus
from tests.factories import JobFactory
from tests.scripted_trainer import BASE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("machine_clock")]
HUGE = 10**400  # legal in JSON, more than any float holds


def locked(*_args, **_kwargs):
    """PostgreSQL gives up waiting for a row with its own error code."""
    cause = Exception("canceling statement due to lock timeout")
    cause.sqlstate = "55P03"
    raise OperationalError from cause


def describes(scripted, **limits) -> None:
    names = [offer.remote_model for offer in Local.training_offers.values()]
    scripted.mock.get(f"{BASE}/fine-tunes/models/supported", json={"models": names})
    scripted.mock.get(f"{BASE}/fine-tunes/models/limits", json=limits)


@pytest.mark.parametrize(
    "odd",
    [
        {"step": HUGE, "total_steps": 1},
        {"step": 1, "total_steps": HUGE},
        {"created_at": HUGE},
        {"progress": {"estimate_available": True, "seconds_remaining": HUGE}},
        {"events": [{"type": "training_start", "step": HUGE, "total_steps": 1}]},
    ],
    ids=lambda odd: " ".join(odd),
)
def test_a_number_beyond_all_measure_leaves_the_other_runs_followed(scripted, odd):
    job = JobFactory(running=True, run_id="ft-1")
    scripted.lists(
        {"id": "ft-odd", "status": "running", **odd},
        {"id": "ft-1", "status": "running", "step": 7, "total_steps": 9},
    )
    poll.poll("local")
    job.refresh_from_db()
    assert job.step == 7


@pytest.mark.parametrize("step", [2**31, HUGE])
def test_an_impossible_point_of_a_curve_costs_itself_only(scripted, step):
    job = JobFactory(running=True, run_id="ft-1")
    scripted.lists({"id": "ft-1", "status": "running"})
    points = [(1, 0.5), (2, 0.25), (3, HUGE), (step, 0.5)]
    metrics = [{"train/global_step": at, "train/loss": loss} for at, loss in points]
    scripted.logs("ft-1", events=[{"message": "hello", "step": step}], metrics=metrics)
    poll.poll("local")
    assert selectors.losses(job) == [(1, 0.5), (2, 0.25)]
    assert [line.text for line in selectors.log_lines(job)] == ["hello"]


def test_points_that_another_provider_lets_through_are_left_out_too(scripted):
    job = JobFactory(running=True, run_id="ft-1")
    fresh = run_logs.RunLog(losses=((1, 0.5), (2, HUGE), (HUGE, 0.5)))
    run_logs._take(job, fresh)
    assert selectors.losses(job) == [(1, 0.5)]


def test_lists_in_lists_without_end_fall_back_to_single_looks(scripted):
    job = JobFactory(running=True, run_id="ft-1")
    scripted.mock.get(f"{BASE}/fine-tunes", body='{"data":' + "[" * 100_000 + "]" * 100_000 + "}")
    run = {"id": "ft-1", "status": "running", "step": 7}
    scripted.mock.get(f"{BASE}/fine-tunes/ft-1", json=run)
    scripted.logs("ft-1")
    poll.poll("local")
    job.refresh_from_db()
    assert job.step == 7


def test_trainings_that_cannot_be_polled_leave_pictures_and_stops_alive(scripted, monkeypatch):
    JobFactory(running=True, run_id="ft-1")
    picture = JobFactory(kind="generation", running=True, run_id="img-1")
    remember_orphan(JobFactory(failed=True, run_id="ft-ended"), "ft-ended")
    entry = {"id": "img-1", "data": [{"url": f"{BASE}/1.jpg"}]}
    scripted.mock.get(f"{BASE}/images/generations", json={"data": [entry]})
    scripted.mock.get(f"{BASE}/fine-tunes/ft-ended", json={"id": "ft-ended", "status": "running"})
    scripted.cancels("ft-ended")
    list_runs = Local.list_runs

    def trips(self, kind, since):
        if kind == "training":
            raise RuntimeError("a surprise")
        return list_runs(self, kind, since)

    monkeypatch.setattr(Local, "list_runs", trips)
    poll.poll("local")
    picture.refresh_from_db()
    assert picture.status == Status.FINISHING
    assert scripted.count("POST", "/fine-tunes/ft-ended/cancel") == 1


def test_a_list_that_cannot_be_compared_still_shows_its_orphans(scripted, monkeypatch):
    JobFactory(running=True, run_id="ft-1")
    orphan = JobFactory(cancelled=True)
    scripted.lists(
        {"id": "ft-1", "status": "running"},
        {"id": "ft-9", "status": "running", "suffix": orphan.correlation},
    )
    scripted.cancels("ft-9")
    monkeypatch.setattr(poll, "observe_all", locked)
    poll.poll("local")
    assert scripted.count("POST", "/fine-tunes/ft-9/cancel") == 1


def test_a_database_that_is_away_is_not_taken_for_one_bad_part(scripted, monkeypatch):
    JobFactory(running=True, run_id="ft-1")
    scripted.lists({"id": "ft-1", "status": "running"})

    def away(*_args):
        raise OperationalError("connection refused")

    monkeypatch.setattr(poll, "observe_all", away)
    with pytest.raises(OperationalError):
        poll.poll("local")
    # Its lease is given back all the same.
    assert ProviderStatus.objects.get().lease is None


def test_a_log_whose_row_is_locked_costs_itself_only(scripted, monkeypatch):
    JobFactory(running=True, run_id="ft-1")
    other = JobFactory(running=True, run_id="ft-2")
    scripted.lists(*({"id": run_id, "status": "running"} for run_id in ("ft-1", "ft-2")))
    scripted.logs("ft-2", events=[{"message": "hello"}])
    append = run_logs._append

    def lock_timeout(job, fresh):
        if job.run_id == "ft-1":
            locked()
        append(job, fresh)

    monkeypatch.setattr(run_logs, "_append", lock_timeout)
    poll.poll("local")
    assert [line.text for line in selectors.log_lines(other)] == ["hello"]


def test_an_orphan_that_trips_leaves_the_other_orphans_stopped(scripted, monkeypatch):
    jobs = JobFactory.create_batch(2, cancelled=True)
    shown = [Run(f"ft-{job.pk}", RunStatus.RUNNING, job.correlation) for job in jobs]
    asked: list[str] = []

    def trips(self, ref):
        asked.append(ref.id)
        raise RuntimeError("a surprise")

    monkeypatch.setattr(Local, "cancel_run", trips)
    orphans.stop_orphans(registry.get("local"), shown)
    assert sorted(asked) == sorted(run.id for run in shown)


def test_a_time_beyond_all_measure_is_no_time_and_the_orphans_are_stopped(scripted):
    job = JobFactory(cancelled=True, state_changed_at=timezone.now())
    describes(scripted, training_seconds=HUGE)
    scripted.lists({"id": "ft-9", "status": "running", "suffix": job.correlation})
    scripted.cancels("ft-9")
    describe.describe("local")
    assert scripted.count("POST", "/fine-tunes/ft-9/cancel") == 1
    assert ProviderStatus.objects.get().description["training_seconds"] is None


def test_what_a_provider_says_of_itself_is_kept_short_as_every_page_reads_it():
    endless = tuple(f"note {number} " + "x" * 1000 for number in range(10_000))
    described = Description(
        True, engine="y" * 3_000_000, notes=endless, can_train=endless, training_seconds=1e300
    )
    provider_status.record_description("local", described)
    stored = ProviderStatus.objects.get().description
    assert len(json.dumps(stored)) < 20_000
    assert stored["engine"].startswith("yyy") and stored["notes"][0].startswith("note 0 xxx")
    assert (stored["key_is_valid"], stored["training_seconds"]) == (True, None)
