"""What happens to jobs while programs listen."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from accounts import tokens
from accounts.models import User
from jobs.models import JobEvent, JobQueue
from tests.dashboard.live_pages import in_database


def token_of(user: User) -> str:
    return tokens.make(user, name="listens", scope="read", expires_in=None)[1]


def long_ago(job: JobQueue, kind: str = "log", **fields) -> JobEvent:
    at = timezone.now() - timedelta(hours=1)
    return JobEvent.objects.create(job=job, kind=kind, at=at, **fields)


async def happen(job: JobQueue, kind: str = "progress", **fields) -> JobEvent:
    return await in_database(JobEvent.objects.create, job=job, kind=kind, **fields)


def finish(job: JobQueue) -> JobEvent:
    JobQueue.objects.filter(pk=job.pk).update(
        status="failed", finished_at=timezone.now(), error_code="internal"
    )
    return JobEvent.objects.create(job=job, kind="state", text="failed")
