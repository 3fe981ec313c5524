"""During an update: workers of the old release and of the new one beside each other."""

import pytest
from django.db.migrations.recorder import MigrationRecorder

from jobs import health
from jobs.engine import release
from jobs.engine.submit import submit
from jobs.models import JobQueue
from jobs.states import Status
from training.selectors import next_idempotency_key
from training.services import start

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(draft, scripted):
    scripted.accepts("ft-1")
    return start(draft, idempotency_key=next_idempotency_key(draft))


def is_paid(job: JobQueue, scripted) -> bool:
    submit(job.pk)
    job.refresh_from_db()
    assert (job.status == Status.RUNNING) == bool(scripted.starts)
    return bool(scripted.starts)


def test_an_old_worker_pays_nothing_once_the_database_is_new(job, scripted):
    newer = MigrationRecorder.Migration.objects.create(app="jobs", name="9999_of_the_next_release")
    assert not is_paid(job, scripted)
    assert job.status == Status.QUEUED
    assert any("different releases" in problem for problem in health.check().problems)
    newer.delete()
    assert is_paid(job, scripted)


def test_a_new_worker_pays_nothing_while_the_database_is_old(job, scripted, monkeypatch):
    monkeypatch.setattr(release, "KNOWN", release.KNOWN | {"9999_of_this_release"})
    assert not is_paid(job, scripted)
    assert job.status == Status.QUEUED


def test_migrations_of_other_apps_say_nothing(job, scripted):
    MigrationRecorder.Migration.objects.create(app="sessions", name="9999_newer")
    assert is_paid(job, scripted)
    assert not any("releases" in problem for problem in health.check().problems)


def test_an_update_while_the_photos_are_uploaded_is_noticed(job, scripted, monkeypatch):
    answers = iter([True, False])
    monkeypatch.setattr(release, "is_current", lambda: next(answers))
    assert not is_paid(job, scripted)
    assert (job.status, job.sent_at) == (Status.QUEUED, None)
