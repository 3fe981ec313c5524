"""Celery's entry points to the engine. Messages carry ids; each task loads, claims and acts."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from celery import Task, shared_task

from accounts import errands
from accounts.outgoing import outbox, sending
from accounts.tasks import send_mails
from jobs.dispatch import dispatch
from jobs.engine import (
    collect,
    deletions,
    describe,
    due,
    poll,
    prune,
    purge,
    samples,
    submit,
    sweep,
    webhook_keys,
)
from models_app import caption_runs, file_deletions, remote_archives, remote_taking


@shared_task
def sweep_jobs() -> None:
    """Settle what ran out of time and dispatch everything that is due."""
    sweep.run({**sweep.settling(), **dispatching()})


def dispatching() -> sweep.Stages:
    """The stages that wake workers, by name."""
    return {
        "submissions": lambda: _dispatch_all(submit_job, due.submissions()),
        "polls": lambda: _dispatch_all(poll_provider, due.polls()),
        "collections": lambda: _dispatch_all(collect_job, due.collections()),
        "samples": lambda: _dispatch_all(read_samples, samples.due()),
        "descriptions": lambda: _dispatch_all(describe_provider, due.descriptions()),
        "webhook_keys": lambda: _dispatch_all(read_webhook_keys, webhook_keys.due()),
        "deletions": lambda: _dispatch_all(delete_at_provider, deletions.due_providers()),
        "file_deletions": retry_file_deletions,
        "mails": send_due_mails,
        "webhooks": send_due_webhooks,
        "captions": write_due_captions,
        "archives": fetch_due_archives,
    }


def retry_file_deletions() -> None:
    """Have files deleted that the storage refused, or that a crash left."""
    if file_deletions.due().exists():
        dispatch(delete_files)


def send_due_mails() -> None:
    if errands.due().exists():
        dispatch(send_mails)


def send_due_webhooks() -> None:
    _dispatch_all(send_webhook, outbox.due())


def write_due_captions() -> None:
    if caption_runs.due().exists():
        dispatch(write_caption)


def fetch_due_archives() -> None:
    _dispatch_all(fetch_archive, remote_archives.due())


def _dispatch_all(task: Task[..., None], ids: Iterable[str]) -> None:
    for one in ids:
        dispatch(task, one)


@shared_task
def submit_job(job_id: str) -> None:
    """Submit a job; its place at the provider goes to the next one without waiting for a sweep."""
    if submit.submit(uuid.UUID(job_id)):
        _dispatch_all(submit_job, due.submissions())


@shared_task
def poll_provider(key: str) -> None:
    """Poll a provider; runs that turn out to be over are collected without waiting for a sweep."""
    poll.poll(key)
    _dispatch_all(collect_job, due.collections())


@shared_task
def collect_job(job_id: str) -> None:
    """Collect a result; its place goes to the next one without waiting for a sweep."""
    if collect.collect(uuid.UUID(job_id)):
        _dispatch_all(collect_job, due.collections())


@shared_task
def read_samples(job_id: str) -> None:
    samples.read(uuid.UUID(job_id))


@shared_task
def describe_provider(key: str) -> None:
    describe.describe(key)


@shared_task
def read_webhook_keys(key: str) -> None:
    webhook_keys.refresh(key)


@shared_task
def prune_old_rows() -> None:
    prune.prune_events()
    prune.prune_jobs()
    prune.prune_webhooks()
    prune.prune_journal()


@shared_task
def delete_at_provider(key: str) -> None:
    """Delete at a provider what belonged to models that are gone."""
    deletions.work_off(key)


@shared_task
def delete_files() -> None:
    file_deletions.work_off()


@shared_task
def send_webhook(delivery_id: str) -> None:
    """Send a webhook to a person's program; its place goes to the next one at once."""
    if sending.send(uuid.UUID(delivery_id)):
        send_due_webhooks()


@shared_task
def write_caption() -> None:
    """Have the operator's program describe one photo; the next one is another message, so that
    one person's set holds nobody up."""
    if caption_runs.write_next():
        write_due_captions()


@shared_task
def fetch_archive(fetch_id: str) -> None:
    """Go on with the fetch of a ZIP; its place goes to the next one at once."""
    if remote_taking.go_on(uuid.UUID(fetch_id)):
        fetch_due_archives()


@shared_task
def purge_database() -> None:
    purge.purge()
