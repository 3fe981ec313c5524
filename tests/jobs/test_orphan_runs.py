"""Runs nobody follows are stopped and told, and healthy ones are left alone."""

import uuid
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from jobs import services
from jobs.engine import describe, orphans, poll
from jobs.engine.acceptance import accept_run, mark_unclear, remember_orphan
from jobs.engine.transitions import mark_sent, move
from jobs.models import JobQueue, OrphanRun
from jobs.states import Status
from providers import registry
from providers.local.provider import Local
from providers.types import Capability, Run, RunStatus
from tests.factories import JobFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("machine_clock")]
BASE = "http://127.0.0.1:9/v1"


def cancels_sent(scripted, run_id: str) -> int:
    return scripted.count("POST", f"/fine-tunes/{run_id}/cancel")


def shown(job: JobQueue, run_id: str) -> Run:
    return Run(run_id, RunStatus.RUNNING, correlation=job.correlation)


def test_a_stale_list_raises_no_alarm_about_a_finished_training(scripted):
    job = JobFactory(succeeded=True, run_id="ft-1")
    scripted.cancels("ft-1")
    orphans.stop_orphans(registry.get("local"), [shown(job, "ft-1")])
    job.refresh_from_db()
    assert (job.incident, cancels_sent(scripted, "ft-1")) == ("", 0)


def test_a_run_about_to_be_fetched_again_is_not_stopped(scripted):
    first = JobFactory(failed=True, run_id="ft-1", error_code="lost_contact")
    JobFactory(model=first.model, payload={"adopt_run": "ft-1"})
    scripted.cancels("ft-1")
    orphans.stop_orphans(registry.get("local"), [shown(first, "ft-1")])
    assert cancels_sent(scripted, "ft-1") == 0


def test_a_run_past_its_deadline_is_stopped_without_an_alarm_about_a_second_one(scripted):
    job = JobFactory(failed=True, run_id="ft-1", error_code="deadline")
    scripted.cancels("ft-1")
    orphans.stop_orphans(registry.get("local"), [shown(job, "ft-1")])
    job.refresh_from_db()
    assert (job.incident, cancels_sent(scripted, "ft-1")) == ("", 1)


def test_a_second_run_that_cannot_be_stopped_is_told_to_the_operator(scripted):
    job = JobFactory(cancelled=True)
    scripted.mock.post(f"{BASE}/fine-tunes/ft-9/cancel", status=500)
    for _ in range(2):
        orphans.stop_orphans(registry.get("local"), [shown(job, "ft-9")])
    job.refresh_from_db()
    assert "ft-9" in job.incident and "could not be stopped" in job.incident
    assert job.events.count() == 1


def test_trying_again_while_the_lost_run_turns_up_ends_with_one_training_and_an_incident(scripted):
    job = JobFactory(running=True, run_id="ft-new")
    scripted.lists(
        {"id": "ft-lost", "status": "running", "suffix": job.correlation},
        {"id": "ft-new", "status": "running", "suffix": job.correlation, "step": 3},
    )
    scripted.cancels("ft-lost")
    poll.poll("local")
    job.refresh_from_db()
    assert (job.status, job.run_id, job.step) == (Status.RUNNING, "ft-new", 3)
    assert "ft-lost" in job.incident
    assert cancels_sent(scripted, "ft-lost") == 1


def test_the_run_of_an_earlier_call_that_was_known_by_other_photos_is_stopped_and_told(scripted):
    """Its answer was lost, the owner said that it did not start, and new photos were sent."""
    job = JobFactory(submitting=True, claim=uuid.uuid4())
    assert mark_sent(job, "account", "file-1")
    mark_unclear(job, "no answer")
    services.declare_not_started(job, by="ann")
    move(job, Status.SUBMITTING, claim=uuid.uuid4())
    assert mark_sent(job, "account", "file-2")
    accept_run(job, Run("ft-new", RunStatus.RUNNING))
    scripted.cancels("ft-lost")
    listed = [
        Run("ft-lost", RunStatus.RUNNING, correlation="file-1"),
        Run("ft-new", RunStatus.RUNNING, correlation="file-2"),
        Run("ft-of-others", RunStatus.RUNNING, correlation="file-3"),
    ]
    orphans.stop_orphans(registry.get("local"), listed)
    job.refresh_from_db()
    assert (job.status, job.run_id) == (Status.RUNNING, "ft-new")
    assert "ft-lost" in job.incident
    assert cancels_sent(scripted, "ft-lost") == 1


def test_a_job_that_ended_long_after_it_began_is_still_watched_for_late_runs(scripted):
    job = JobFactory(cancelled=True)
    JobQueue.objects.update(created_at=timezone.now() - timedelta(days=9))
    scripted.mock.get(f"{BASE}/fine-tunes/models/supported", json={"models": []})
    scripted.lists({"id": "ft-9", "status": "running", "suffix": job.correlation})
    scripted.cancels("ft-9")
    describe.describe("local")
    assert cancels_sent(scripted, "ft-9") == 1


def test_every_second_run_is_stopped_and_told_however_many_there_are(scripted):
    job = JobFactory(cancelled=True)
    for run_id in ("ft-8", "ft-9"):
        scripted.cancels(run_id)
    orphans.stop_orphans(registry.get("local"), [shown(job, "ft-8"), shown(job, "ft-9")])
    assert (cancels_sent(scripted, "ft-8"), cancels_sent(scripted, "ft-9")) == (1, 1)
    notes = " ".join(job.events.values_list("text", flat=True))
    assert "ft-8" in notes and "ft-9" in notes


def test_pictures_that_were_paid_twice_are_an_incident_too(scripted):
    """Sent again on the owner's word, though the first call had been accepted."""
    job = JobFactory(kind="generation", succeeded=True, run_id="img-second")
    scripted.mock.get(f"{BASE}/fine-tunes/models/supported", json={"models": []})
    scripted.lists()
    entry = {"correlation": job.correlation, "data": [{"index": 0, "url": f"{BASE}/one.jpg"}]}
    shown = [{"id": run_id, **entry} for run_id in ("img-first", "img-second")]
    scripted.mock.get(f"{BASE}/images/generations", json={"data": shown})
    describe.describe("local")
    job.refresh_from_db()
    assert "img-first" in job.incident


def test_a_run_whose_id_begins_with_that_of_another_is_told_too(scripted):
    job = JobFactory(cancelled=True)
    for run_id in ("ft-12", "ft-1"):
        run = Run(run_id, RunStatus.SUCCEEDED, correlation=job.correlation)
        orphans.stop_orphans(registry.get("local"), [run])
    assert job.events.filter(kind="note", text__contains="ft-1 ").count() == 1


def test_runs_with_long_names_are_not_cancelled_at_every_look(scripted):
    """The incident is cut to its column: what is cut off must not count as new."""
    job = JobFactory(cancelled=True)
    runs = [
        Run(f"ft-{number}-{'x' * 150}", RunStatus.RUNNING, correlation=job.correlation)
        for number in range(2)
    ]
    for run in runs:
        scripted.cancels(run.id)
    for _ in range(4):
        orphans.stop_orphans(registry.get("local"), runs)
    assert scripted.count("POST", f"/fine-tunes/{runs[0].id}/cancel") == 1


@pytest.fixture
def left_behind(scripted):
    """A run that went on when its job ended here."""
    job = JobFactory(failed=True, run_id="ft-1")
    remember_orphan(job, "ft-1")
    return job


def looked_after(minutes: float) -> OrphanRun:
    with time_machine.travel(timezone.now() + timedelta(minutes=minutes), tick=False):
        orphans.stop_known(registry.get("local"))
    return OrphanRun.objects.get()


def test_one_answer_that_it_is_unknown_does_not_confirm_its_end(left_behind, scripted):
    url = f"{BASE}/fine-tunes/ft-1"
    scripted.mock.get(url, status=404, json={"error": {"message": "no"}})
    assert looked_after(0).next_try_at
    assert looked_after(2).next_try_at
    assert looked_after(90).next_try_at is None


def test_a_run_that_cannot_be_stopped_from_here_is_told(left_behind, scripted, monkeypatch):
    monkeypatch.setattr(Local, "capabilities", Local.capabilities - {Capability.CANCEL})
    scripted.mock.get(f"{BASE}/fine-tunes/ft-1", json={"id": "ft-1", "status": "running"})
    assert looked_after(0).next_try_at is None
    left_behind.refresh_from_db()
    assert "stop it at the trainer" in left_behind.incident


def test_a_run_whose_result_is_fetched_after_all_is_left_alone(left_behind, scripted):
    JobFactory(running=True, run_id="ft-1")
    assert looked_after(0).next_try_at is None
    assert len(scripted.mock.calls) == 0


def test_a_late_answer_of_a_job_that_was_given_up_has_its_run_stopped(scripted):
    job = JobFactory(cancelled=True)
    accept_run(job, Run("ft-9", RunStatus.RUNNING))
    scripted.mock.get(f"{BASE}/fine-tunes/ft-9", json={"id": "ft-9", "status": "running"})
    scripted.cancels("ft-9")
    assert looked_after(0).next_try_at
    assert scripted.count("POST", "/fine-tunes/ft-9/cancel") == 1
    job.refresh_from_db()
    assert "ft-9" in job.incident
