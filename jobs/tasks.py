"""Celery's entry points to the engine. Messages carry ids; each task loads, claims and acts."""

from __future__ import annotations

import uuid

from celery import shared_task

from jobs.dispatch import dispatch
from jobs.engine import collect, describe, poll, prune, submit, sweep


@shared_task
def sweep_jobs() -> None:
    """Settle what ran out of time and dispatch everything that is due."""
    sweep.settle()
    for job_id in sweep.due_submissions():
        dispatch(submit_job, job_id)
    for key in sweep.due_providers():
        dispatch(poll_provider, key)
    for job_id in sweep.due_collections():
        dispatch(collect_job, job_id)
    for key in sweep.due_descriptions():
        dispatch(describe_provider, key)


@shared_task
def submit_job(job_id: str) -> None:
    submit.submit(uuid.UUID(job_id))


@shared_task
def poll_provider(key: str) -> None:
    """Poll a provider; runs that turn out to be over are collected without waiting for a sweep."""
    poll.poll(key)
    for job_id in sweep.due_collections():
        dispatch(collect_job, job_id)


@shared_task
def collect_job(job_id: str) -> None:
    collect.collect(uuid.UUID(job_id))


@shared_task
def describe_provider(key: str) -> None:
    describe.describe(key)


@shared_task
def prune_events() -> None:
    prune.prune_events()
