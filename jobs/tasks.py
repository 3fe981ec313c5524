"""Celery's door to the engine. Messages carry ids; each task loads, claims and acts."""

from __future__ import annotations

import uuid

from celery import shared_task

from jobs import finish as finishing
from jobs import look as looking
from jobs import poll as polling
from jobs import submit as submitting
from jobs import tick as beat
from jobs.bells import ring


@shared_task
def tick() -> None:
    """Find everything that is due and ring for it."""
    beat.remember()
    beat.recover_leases()
    beat.end_overdue()
    beat.end_cancelled_in_queue()
    beat.end_unheard_cancels()
    for job_id in beat.due_submissions():
        ring(submit, job_id)
    for key in beat.due_providers():
        ring(poll, key, expires=4.0)
    for job_id in beat.due_finishes():
        ring(finish, job_id)
    for key in beat.due_looks():
        ring(look_at_provider, key)


@shared_task
def submit(job_id: str) -> None:
    submitting.submit(uuid.UUID(job_id))


@shared_task
def poll(provider: str) -> None:
    """Look at a provider; what turned out to be finished is fetched without waiting for a tick."""
    polling.poll(provider)
    for job_id in beat.due_finishes():
        ring(finish, job_id)


@shared_task
def finish(job_id: str) -> None:
    finishing.finish(uuid.UUID(job_id))


@shared_task
def look_at_provider(provider: str) -> None:
    looking.look_at(provider)
