"""Answers that the database would not take, and a database that went back in time."""

from datetime import timedelta

import pytest
import time_machine
from django.db import OperationalError, connection
from django.utils import timezone

from jobs.engine import acceptance, journal, sweep
from jobs.engine.submit import submit
from jobs.engine.transitions import mark_sent
from jobs.models import JobEvent, JobQueue, ProviderStatus
from jobs.states import Status
from providers.types import Output, Run, RunStatus
from tests.factories import JobFactory, UserModelFactory, jpeg
from training.selectors import next_idempotency_key
from training.services import start

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("machine_clock")]


@pytest.fixture
def job(draft, scripted, monkeypatch) -> JobQueue:
    monkeypatch.setattr(acceptance, "RETRIES", (0, 0))
    return start(draft, idempotency_key=next_idempotency_key(draft))


def away(*_args, **_kwargs):
    raise OperationalError("server closed the connection unexpectedly")


def test_an_answer_that_the_database_does_not_take_is_adopted_later(job, scripted, monkeypatch):
    scripted.accepts("ft-paid")
    with monkeypatch.context() as patch:
        patch.setattr(acceptance, "_accept", away)
        submit(job.pk)
    job.refresh_from_db()
    assert (job.status, job.run_id) == (Status.SUBMITTING, "")
    sweep.settle()
    job.refresh_from_db()
    assert (job.status, job.run_id, scripted.starts) == (Status.RUNNING, "ft-paid", 1)
    assert list(journal.kept_answers()) == []


def test_a_kept_answer_ends_the_uncertainty_of_a_job_that_became_unclear(job, scripted):
    journal.keep_answer(job, Run("ft-paid", RunStatus.RUNNING))
    JobQueue.objects.update(status="unknown", sent_at=timezone.now(), version=9)
    sweep.settle()
    job.refresh_from_db()
    assert (job.status, job.run_id) == (Status.RUNNING, "ft-paid")


def test_images_that_came_with_the_answer_are_kept_too(scripted):
    model = UserModelFactory(ready=True)
    job = JobFactory(kind="generation", model=model, submitting=True, sent_at=timezone.now())
    run = Run("img-1", RunStatus.SUCCEEDED, outputs=(Output(data=jpeg()),))
    journal.keep_answer(job, run)
    sweep.settle()
    job.refresh_from_db()
    assert job.status == Status.FINISHING
    assert "file" in job.result["outputs"][0]


def test_an_answer_is_tried_again_before_it_goes_to_the_journal(job, scripted, monkeypatch):
    scripted.accepts("ft-paid")
    accept, calls = acceptance._accept, []

    def first_away(*args):
        calls.append(args)
        if len(calls) == 1:
            away()
        accept(*args)

    monkeypatch.setattr(acceptance, "_accept", first_away)
    submit(job.pk)
    job.refresh_from_db()
    assert (job.status, len(calls)) == (Status.RUNNING, 2)
    assert list(journal.kept_answers()) == []


def test_a_file_of_the_journal_that_cannot_be_read_stops_nobody(job, settings):
    journal.keep_answer(job, Run("ft-paid", RunStatus.RUNNING))
    (settings.JOURNAL_DIR / "torn.json").write_text("{")
    sweep.settle()
    job.refresh_from_db()
    assert job.run_id == "ft-paid"


def test_a_kept_answer_that_trips_costs_itself_only(scripted, monkeypatch):
    bad, good = sorted(JobFactory.create_batch(2, unknown=True), key=lambda job: str(job.pk))
    for job in (bad, good):
        journal.keep_answer(job, Run(f"ft-{job.pk}", RunStatus.RUNNING))
    accept = acceptance._accept

    def trips(job, run):
        if job.pk == bad.pk:
            raise RuntimeError("a surprise")
        accept(job, run)

    monkeypatch.setattr(acceptance, "_accept", trips)
    sweep.settle()
    good.refresh_from_db()
    assert good.status == Status.RUNNING


def test_without_room_for_the_mark_nothing_is_sent(job, scripted, monkeypatch):
    def full(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(journal, "raise_mark", full)
    submit(job.pk)
    job.refresh_from_db()
    assert (job.status, job.sent_at, scripted.starts) == (Status.QUEUED, None, 0)


def test_a_database_that_went_back_in_time_pays_nothing(job, scripted):
    """The backup was made after the start button and before the paid call."""
    scripted.accepts("ft-paid")
    before = vars(JobQueue.objects.get()).copy()
    newest = JobEvent.objects.latest("id").pk
    submit(job.pk)
    assert scripted.starts == 1
    JobEvent.objects.filter(pk__gt=newest).delete()
    ProviderStatus.objects.update(paid_calls=0)
    JobQueue.objects.update(**{name: before[name] for name in before if name[0] != "_"})
    submit(job.pk)
    job.refresh_from_db()
    assert (job.status, scripted.starts) == (Status.QUEUED, 1)


def test_it_still_pays_nothing_after_other_jobs_went_on(job, scripted):
    """Between the restored backup and `manage.py reconcile`, polls write events as ever."""
    scripted.accepts("ft-paid")
    before = vars(JobQueue.objects.get()).copy()
    newest = JobEvent.objects.latest("id").pk
    submit(job.pk)
    lost = JobEvent.objects.filter(pk__gt=newest).count()
    JobEvent.objects.filter(pk__gt=newest).delete()
    ProviderStatus.objects.update(paid_calls=0)
    JobQueue.objects.update(**{name: before[name] for name in before if name[0] != "_"})
    for number in range(lost + 1):
        JobEvent.objects.create(job=job, kind="progress", id=newest + 1 + number)
    submit(job.pk)
    assert scripted.starts == 1


@pytest.mark.parametrize("damaged", ["", "{", "7", "null"])
def test_a_mark_that_cannot_be_read_pays_nothing_until_it_was_reconciled(job, scripted, damaged):
    journal.raise_mark()
    (journal._folder() / journal._MARK).write_text(damaged)
    scripted.accepts()
    submit(job.pk)
    assert scripted.starts == 0
    journal.reset_mark()
    submit(job.pk)
    assert scripted.starts == 1


def test_a_mark_is_never_lowered_by_a_slower_worker(job):
    ProviderStatus.objects.update_or_create(provider="local", defaults={"paid_calls": 7})
    journal.raise_mark()
    ProviderStatus.objects.update(paid_calls=3)
    journal.raise_mark()
    assert journal._mark() == {"local": 7}


def test_deleted_and_pruned_events_do_not_make_a_database_look_old(job, scripted):
    scripted.accepts()
    submit(job.pk)
    JobEvent.objects.all().delete()
    assert not journal.is_database_behind()


def test_a_job_that_is_not_seconds_old_is_looked_up_before_it_is_paid(job, scripted):
    scripted.lists({"id": "ft-paid", "status": "running", "suffix": job.correlation})
    with time_machine.travel(timezone.now() + timedelta(seconds=11), tick=False):
        submit(job.pk)
    job.refresh_from_db()
    assert (job.status, job.run_id, scripted.starts) == (Status.RUNNING, "ft-paid", 0)


def test_the_lost_call_must_be_over_before_a_second_one_whatever_made_it_due(job, scripted):
    JobQueue.objects.update(call_over_at=timezone.now() + timedelta(minutes=1))
    scripted.lists()
    scripted.accepts("ft-second")
    submit(job.pk)
    assert scripted.starts == 0
    assert JobQueue.objects.get().status == Status.QUEUED


def test_commits_are_durable_on_every_database():
    name, wanted = ("synchronous_commit", "on")
    if connection.vendor == "sqlite":
        name, wanted = ("synchronous", 2)  # FULL
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {name}" if connection.vendor == "sqlite" else f"SHOW {name}")
        assert cursor.fetchone()[0] == wanted


def test_a_copy_of_another_installations_database_pays_nothing(job, scripted):
    """A test site made from a copy of the real one would pay for the jobs that wait in it."""
    ProviderStatus.objects.update_or_create(provider="local", defaults={"paid_calls": 7})
    scripted.accepts("ft-1")
    submit(job.pk)
    assert (JobQueue.objects.get().status, scripted.starts) == (Status.QUEUED, 0)
    journal.reset_mark()
    submit(job.pk)
    assert scripted.starts == 1


def test_a_worker_that_is_killed_at_the_very_first_call_holds_nobody_back(
    job, scripted, monkeypatch
):
    class Killed(BaseException):
        pass

    def killed_after(*args):
        mark_sent(*args)
        raise Killed

    monkeypatch.setattr("jobs.engine.submit.mark_sent", killed_after)
    with pytest.raises(Killed):
        submit(job.pk)
    assert ProviderStatus.objects.get(provider="local").paid_calls == 1
    assert not journal.is_database_behind()
