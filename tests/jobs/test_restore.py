"""After the database came back older than it was: look everything up, then pay again."""

import json
import os
import time
from contextlib import suppress
from datetime import timedelta
from io import StringIO
from itertools import chain, repeat

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from jobs import health, services
from jobs.engine import journal
from jobs.engine.poll import poll
from jobs.engine.prune import KEPT_FOR, prune_events, prune_journal
from jobs.engine.submit import submit
from jobs.engine.transitions import claim_queued
from jobs.models import JobEvent, JobQueue
from jobs.states import Status
from providers import registry
from providers.local.provider import Local
from providers.types import Output, Run, RunStatus
from tests.factories import JobFactory
from training.selectors import next_idempotency_key
from training.services import start

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("machine_clock")]


@pytest.fixture
def is_behind(settings, scripted):
    """A paid call left after the backup was made."""
    scripted.lists_no_images()
    settings.JOURNAL_DIR.mkdir()
    mark = settings.JOURNAL_DIR / journal._MARK
    mark.write_text('{"local": 1000}')
    an_hour_ago = time.time() - 3600
    os.utime(mark, (an_hour_ago, an_hour_ago))


def reconcile() -> str:
    out = StringIO()
    call_command("reconcile", stdout=out)
    return out.getvalue()


def test_a_run_started_after_the_backup_is_adopted_and_not_paid_again(scripted, is_behind):
    queued, fresh = JobFactory(), JobFactory()
    known = JobFactory(running=True, run_id="ft-1", account=registry.get("local").account)
    scripted.lists(
        {"id": "ft-paid", "status": "running", "suffix": queued.correlation},
        {"id": "ft-1", "status": "running", "suffix": known.correlation},
    )
    submit(queued.pk)
    assert (JobQueue.objects.get(pk=queued.pk).status, scripted.starts) == (Status.QUEUED, 0)
    assert any("reconcile" in problem for problem in health.check().problems)
    said = reconcile()
    queued.refresh_from_db(), fresh.refresh_from_db()
    assert (queued.status, queued.run_id) == (Status.RUNNING, "ft-paid")
    assert fresh.status == Status.QUEUED
    assert "ft-paid" in said
    assert not journal.is_database_behind()


def test_a_list_without_a_run_that_we_know_proves_nothing(scripted, is_behind):
    """It may be old, or of another account: what it lacks may have been paid all the same."""
    job = JobFactory()
    scripted.lists()
    assert "its owner decides" in reconcile()
    submit(job.pk)
    job.refresh_from_db()
    assert (job.status, scripted.starts) == (Status.UNKNOWN, 0)


def test_while_a_provider_does_not_answer_nothing_is_paid(scripted, is_behind):
    job = JobFactory()
    scripted.fails_to_list(status=503)
    with pytest.raises(CommandError, match="nothing is paid yet"):
        reconcile()
    assert journal.is_database_behind()
    submit(job.pk)
    assert JobQueue.objects.get().status == Status.QUEUED


def test_an_incomplete_list_does_not_settle_what_was_paid(draft, scripted, is_behind):
    """The run that was paid after the backup is on the page that did not come."""
    job = start(draft, idempotency_key=next_idempotency_key(draft))
    JobQueue.objects.update(created_at=timezone.now() - timezone.timedelta(minutes=5))
    url = "http://127.0.0.1:9/v1/fine-tunes"
    scripted.mock.upsert("GET", url, json={"data": [], "has_more": True})
    scripted.accepts("ft-second")
    with suppress(CommandError):
        reconcile()
    submit(job.pk)
    assert scripted.starts == 0


def test_a_call_that_left_just_before_the_restore_is_waited_for(scripted, is_behind, settings):
    """The newest runs may not be in the list yet: its silence about them is no proof."""
    job = JobFactory()
    known = JobFactory(running=True, run_id="ft-1", account=registry.get("local").account)
    scripted.lists({"id": "ft-1", "status": "running", "suffix": known.correlation})
    os.utime(settings.JOURNAL_DIR / journal._MARK)
    with pytest.raises(CommandError, match="Run this again in 9"):
        reconcile()
    assert journal.is_database_behind()
    job.refresh_from_db()
    assert job.status == Status.QUEUED


def test_the_proof_about_an_unclear_job_begins_anew(scripted, is_behind):
    """It may have been sent again between the backup and the restore."""
    long_ago = timezone.now() - timedelta(hours=1)
    job = JobFactory(unknown=True, call_over_at=long_ago, absent_count=2)
    known = JobFactory(running=True, run_id="ft-1", account=registry.get("local").account)
    scripted.lists({"id": "ft-1", "status": "running", "suffix": known.correlation})
    reconcile()
    job.refresh_from_db()
    assert (job.status, job.absent_count) == (Status.UNKNOWN, 0)
    assert job.call_over_at > timezone.now()


def test_jobs_of_a_provider_that_is_switched_off_are_left_to_a_person(scripted, is_behind):
    """It may be switched on again, and by then nobody knows of the restore."""
    scripted.lists()
    job = JobFactory(provider="together")
    reconcile()
    job.refresh_from_db()
    assert job.status == Status.UNKNOWN


def test_a_call_that_may_be_under_way_is_over_before_anybody_may_send_again(scripted, is_behind):
    scripted.lists()
    job = JobFactory(submitting=True, sent_at=timezone.now())
    reconcile()
    job.refresh_from_db()
    services.declare_not_started(job, by="ann")
    assert claim_queued(job.pk) is None


def test_a_restore_while_photos_are_uploaded_is_noticed_before_paying(
    draft, scripted, settings, monkeypatch
):
    scripted.accepts("ft-1")
    job = start(draft, idempotency_key=next_idempotency_key(draft))
    answers = chain([False], repeat(True))
    monkeypatch.setattr(journal, "is_database_behind", lambda: next(answers))
    submit(job.pk)
    assert scripted.starts == 0


def test_runs_that_belong_to_no_job_are_named(scripted, is_behind):
    token = f"tw-{'0' * 32}"
    scripted.lists(
        {"id": "ft-lost-job", "status": "running", "suffix": token},
        {"id": "ft-by-address", "status": "running", "suffix": f"https://f.example/{token}.zip"},
        {"id": "ft-of-others", "status": "running", "suffix": "tw-ann"},
    )
    said = reconcile()
    assert "ft-lost-job" in said
    assert "ft-by-address" in said
    assert "ft-of-others" not in said


def test_what_cannot_be_looked_up_is_left_to_a_person(scripted, is_behind, settings):
    settings.PROVIDERS = {"together": {"base_url": "http://127.0.0.1:9/v1", "api_key": "k" * 9}}
    job = JobFactory(kind="generation", provider="together")
    scripted.lists()
    assert "its owner decides" in reconcile()
    job.refresh_from_db()
    assert job.status == Status.UNKNOWN


def test_a_lost_look_up_key_is_no_proof(scripted, is_behind, monkeypatch):
    """It was stored just before the paid call, so after the backup: no list can show the run."""
    monkeypatch.setattr(Local, "lookup_key", lambda self, request: request.dataset)
    known = JobFactory(
        running=True, run_id="ft-1", lookup_key="file-1", account=registry.get("local").account
    )
    never_sent, sent = JobFactory(), JobFactory(lookup_key="file-2")
    scripted.lists({"id": "ft-1", "status": "running", "suffix": known.lookup_key})
    reconcile()
    never_sent.refresh_from_db(), sent.refresh_from_db()
    assert (never_sent.status, sent.status) == (Status.UNKNOWN, Status.QUEUED)


@pytest.fixture
def known_by_photos(scripted, is_behind, monkeypatch) -> JobQueue:
    """A run that we follow, at a trainer whose list shows the photos instead of our token."""
    monkeypatch.setattr(Local, "lookup_key", lambda self, request: request.dataset)
    return JobFactory(
        running=True, run_id="ft-1", lookup_key="file-1", account=registry.get("local").account
    )


def paid_after_the_backup(*lookup_keys: str) -> JobQueue:
    """A job of the backup, which was sent since: all that is left of it is in the journal."""
    job = JobFactory()
    for age, key in enumerate(reversed(lookup_keys)):
        job.lookup_key = key
        path = journal.keep_lookup_key(job)
        long_ago = time.time() - 3600 - age
        os.utime(path, (long_ago, long_ago))
    job.refresh_from_db()
    return job


def test_a_run_is_found_by_a_look_up_key_that_only_the_journal_kept(scripted, known_by_photos):
    newest, older = paid_after_the_backup("file-2"), paid_after_the_backup("file-3", "file-4")
    scripted.lists(
        {"id": "ft-1", "status": "running", "suffix": "file-1"},
        {"id": "ft-2", "status": "running", "suffix": "file-2"},
        {"id": "ft-3", "status": "running", "suffix": "file-3"},
    )
    said = reconcile()
    newest.refresh_from_db(), older.refresh_from_db()
    assert (newest.status, newest.run_id, newest.lookup_key) == ("running", "ft-2", "file-2")
    assert (older.status, older.run_id, older.lookup_key) == ("running", "ft-3", "file-3")
    assert "belongs to no job" not in said


def test_a_run_that_appears_after_its_job_was_abandoned_is_stopped_and_told(
    scripted, known_by_photos
):
    job = paid_after_the_backup("file-2", "file-3")
    scripted.lists()
    reconcile()
    job.refresh_from_db()
    assert (job.status, job.lookup_key) == (Status.UNKNOWN, "file-3")
    services.abandon(job, by="ann")
    late = {"id": "ft-late", "status": "running", "suffix": "file-3"}
    scripted.lists({"id": "ft-1", "status": "running", "suffix": "file-1"}, late)
    scripted.cancels("ft-late")
    poll("local")
    job.refresh_from_db()
    assert "ft-late" in job.incident


def test_a_witnessed_list_without_the_kept_key_proves_that_the_call_never_came(
    scripted, known_by_photos
):
    job = paid_after_the_backup("file-2")
    scripted.lists({"id": "ft-1", "status": "running", "suffix": "file-1"})
    reconcile()
    job.refresh_from_db()
    assert (job.status, job.lookup_key) == (Status.QUEUED, "file-2")


def test_runs_of_lost_jobs_are_named_by_their_kept_look_up_keys(scripted, known_by_photos):
    journal.keep_lookup_key(JobFactory.build(lookup_key="file-of-a-lost-job"))
    scripted.lists(
        {"id": "ft-1", "status": "running", "suffix": "file-1"},
        {"id": "ft-lost-job", "status": "running", "suffix": "file-of-a-lost-job"},
        {"id": "ft-of-others", "status": "running", "suffix": "file-9"},
    )
    said = reconcile()
    assert "ft-lost-job (file-of-a-lost-job)" in said
    assert "ft-of-others" not in said


def test_a_kept_look_up_key_that_cannot_be_read_costs_itself_only(scripted, known_by_photos):
    job = paid_after_the_backup("file-2")
    (journal._folder() / "torn.key").write_bytes(b"\xff")
    (journal._folder() / f"{job.pk}.0.key").write_bytes(b"\xff")
    assert journal.lookup_keys() == {job.pk: ["file-2"]}


def test_look_up_keys_are_kept_for_a_month_and_not_in_backups(known_by_photos):
    old, recent = JobFactory.build_batch(2, lookup_key="file-2")
    path = journal.keep_lookup_key(old)
    journal.keep_lookup_key(recent)
    long_ago = (timezone.now() - KEPT_FOR - timedelta(minutes=1)).timestamp()
    os.utime(path, (long_ago, long_ago))
    assert prune_journal() == 1
    assert list(journal.lookup_keys()) == [recent.pk]
    assert journal.kept_files() == []


def test_after_a_restore_nothing_is_paid_before_it_is_reconciled(scripted):
    """Although the database counts as many calls as the mark, or there is no mark at all."""
    scripted.lists_no_images()
    scripted.lists()
    job = JobFactory()
    journal.require_reconcile()
    assert journal.is_database_behind()
    journal.raise_mark()
    assert journal.is_database_behind()
    submit(job.pk)
    assert JobQueue.objects.get().status == Status.QUEUED
    JobQueue.objects.all().delete()
    reconcile()
    assert not journal.is_database_behind()


def test_a_restore_never_lowers_the_mark_of_what_was_paid(is_behind, settings):
    journal.require_reconcile()
    mark = json.loads((settings.JOURNAL_DIR / journal._MARK).read_text())
    assert mark["local"] == 1000


def test_a_backup_takes_the_answers_that_wait_and_never_the_mark():
    job = JobFactory(submitting=True)
    outputs = (Output(data=b"picture"),)
    journal.keep_answer(job, Run(id="ft-1", status=RunStatus.RUNNING, outputs=outputs))
    journal.raise_mark()
    assert {path.suffix for path in journal.kept_files()} == {".answer", ".output"}


def test_old_progress_and_logs_of_ended_jobs_are_pruned():
    old = JobFactory(succeeded=True, finished_at=timezone.now() - 2 * KEPT_FOR)
    recent, running = JobFactory(succeeded=True), JobFactory(running=True)
    for job in (old, recent, running):
        for kind in ("state", "note", "progress", "log", "loss"):
            JobEvent.objects.create(job=job, kind=kind)
    assert prune_events() == 3
    assert set(old.events.values_list("kind", flat=True)) == {"state", "note"}
    assert recent.events.count() == running.events.count() == 5
