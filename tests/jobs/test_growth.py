"""What is done again and again leaves one trace, and what grows has an index."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from requests import ReadTimeout

from jobs import services
from jobs.engine import orphans, reconcile
from jobs.engine.prune import JOBS_KEPT_FOR, prune_jobs
from jobs.engine.submit import submit
from jobs.models import JobEvent, JobQueue, ProviderStatus
from providers import registry
from providers.types import EVER, Run, RunList, RunStatus, WorkKind
from tests.factories import JobFactory
from training.selectors import next_idempotency_key
from training.services import start

pytestmark = pytest.mark.django_db


def test_a_rate_limit_for_a_day_says_once_that_it_is_sent(draft, scripted):
    job = start(draft, idempotency_key=next_idempotency_key(draft))
    scripted.answers(429)
    for _ in range(20):
        JobQueue.objects.update(next_poll_at=timezone.now())
        ProviderStatus.objects.update(paused_until=None)
        submit(job.pk)
    assert scripted.starts == 20
    assert job.events.filter(text="Sending").count() == 1
    assert job.events.count() < 10


def test_a_job_that_is_sent_again_on_somebodys_word_says_so(draft, scripted):
    job = start(draft, idempotency_key=next_idempotency_key(draft))
    scripted.breaks(ReadTimeout("timed out"))
    submit(job.pk)
    job.refresh_from_db()
    services.declare_not_started(job, by="ann@example.org")
    JobQueue.objects.update(next_poll_at=timezone.now(), call_over_at=timezone.now())
    scripted.lists()
    submit(job.pk)
    assert job.events.filter(text="Sending").count() == 2


def test_two_incidents_that_take_turns_are_noted_once_each():
    job = JobFactory(cancelled=True)
    for number in range(6):
        run = Run(f"ft-{'ab'[number % 2]}", RunStatus.SUCCEEDED, correlation=job.correlation)
        orphans.stop_orphans(registry.get("local"), [run])
    job.refresh_from_db()
    assert job.events.filter(kind=JobEvent.Kind.NOTE).count() == 2
    assert "ft-b" in job.incident


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the plan of SQLite")
def test_a_witness_is_looked_for_among_the_jobs_of_its_account_only(scripted):
    since = timezone.now() - timedelta(days=1)
    provider = registry.get("local")
    for listed in (RunList((), EVER), RunList((), since)):
        with CaptureQueriesContext(connection) as queries:
            reconcile.is_witnessed(provider, WorkKind.TRAINING, listed)
        for query in queries.captured_queries:
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN QUERY PLAN {query['sql']}")
                plan = cursor.fetchall()[0][3]
            columns = "provider=? AND kind=? AND account=? AND status=?"
            assert plan.startswith("SEARCH") and f"job_witness ({columns})" in plan


def test_ended_jobs_of_models_that_are_long_gone_are_pruned():
    times = {"succeeded": True, "finished_at": timezone.now() - 2 * JOBS_KEPT_FOR}
    gone, kept = JobFactory(**times), JobFactory(**times)
    recent = JobFactory(succeeded=True, finished_at=timezone.now())
    unfinished = JobFactory(running=True, finished_at=None)
    JobEvent.objects.create(job=gone, kind="state")
    JobQueue.objects.exclude(pk=kept.pk).update(model=None)
    assert prune_jobs() == 1
    assert set(JobQueue.objects.all()) == {kept, recent, unfinished}
    assert not JobEvent.objects.exists()
