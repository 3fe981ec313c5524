"""What a webhook changes: it names a run, and the run itself is asked for the rest.

Nothing that it says is believed. Which job it is about is in the address that we signed, and a
provider whose keys are the same for all of its customers would sign a stranger's run as well. So a
run is adopted only where the provider knows it as one of our account, and no other job has it.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta

from django.db.models import Q
from django.utils.translation import gettext_noop

from jobs import clock, webhook_log
from jobs.engine import receipts, reconcile
from jobs.engine.acceptance import remember_orphan
from jobs.engine.isolation import isolated
from jobs.engine.provider_status import limits_heard, record_failure
from jobs.events import record_incident
from jobs.models import JobQueue, OrphanRun, WebhookReceipt
from jobs.states import Status
from providers.base import Provider
from providers.errors import (
    ProviderError,
    ProviderUnavailableError,
    RunNotFoundError,
    UnsupportedFeatureError,
)
from providers.types import Run

log = logging.getLogger(__name__)

# A paid call of theirs may have been taken, and its answer be lost or still under way.
UNANSWERED = frozenset({Status.QUEUED, Status.SUBMITTING, Status.UNKNOWN})
# A provider may not know its newest runs yet; one that never answers settles nothing.
NOT_FOUND_FOR = timedelta(hours=1)
UNANSWERED_FOR = timedelta(days=7)
Result = WebhookReceipt.Result


def handle_due(provider: Provider) -> None:
    """Make due what a provider's webhooks are about, and adopt the runs that are ours.

    Whoever calls it holds the right to poll the provider, and polls next. Handling one twice, or
    being killed in between, changes nothing.
    """
    for receipt in receipts.due(provider.key):
        receipts.put_off(receipt)
        with isolated(receipt.job):
            try:
                if result := take(provider, receipt):
                    receipts.settle(receipt, result)
            except ProviderUnavailableError as error:
                # Who does not answer about one is not asked about the others now.
                record_failure(provider.key, error)
                return


def take(provider: Provider, receipt: WebhookReceipt) -> str:
    """Take one webhook, before or after the answer to its paid call has come, any number of times.

    Returns what came of it; "" where that is not known yet. Raises `ProviderUnavailableError`
    where the provider does not answer.
    """
    job, run_id = receipt.job, receipt.run_id
    if _is_followed(job, run_id):
        return _hurried(job, run_id)
    if _is_known_of_another(job, run_id):
        return _refused(job)
    try:
        with limits_heard(provider.key):
            run = provider.get_run(replace(job.run_ref, id=run_id))
    except ProviderError as error:
        log.warning("job %s: its webhook cannot be confirmed now: %s", job.pk, error)
        if _is_hopeless(receipt, error):
            return _refused(job)
        if isinstance(error, ProviderUnavailableError):
            raise
        return ""
    # Whoever else was at work has written meanwhile.
    job.refresh_from_db()
    if _is_of_another(job, run):
        return _refused(job)
    return _hurried(job, run_id) if job.run_id == run_id else _taken(job, run)


def _is_followed(job: JobQueue, run_id: str) -> bool:
    """Whether it is the job's own run, or one that a later job of ours was told to adopt."""
    if job.run_id == run_id:
        return True
    adopting = JobQueue.objects.filter(provider=job.provider, run_id=run_id)
    return adopting.filter(model=job.model_id, payload__adopt_run=run_id).exists()


def _hurried(job: JobQueue, run_id: str) -> str:
    running = JobQueue.objects.filter(provider=job.provider, run_id=run_id, status=Status.RUNNING)
    running.hurry()
    return Result.HURRIED


def _is_known_of_another(job: JobQueue, run_id: str) -> bool:
    others = JobQueue.objects.filter(provider=job.provider).exclude(pk=job.pk)
    left = OrphanRun.objects.filter(job__provider=job.provider, run_id=run_id)
    return others.filter(run_id=run_id).exists() or left.exclude(job=job).exists()


def _is_of_another(job: JobQueue, run: Run) -> bool:
    """Whether a run of our account was surely not started for this job."""
    if run.created_at and run.created_at < reconcile.sent_after(job):
        return True
    if reconcile.is_of_another(job, run):
        return True
    named = Q(correlation=run.correlation) | Q(lookup_key=run.correlation)
    others = JobQueue.objects.filter(named, provider=job.provider).exclude(pk=job.pk)
    return bool(run.correlation) and others.exists()


def _is_hopeless(receipt: WebhookReceipt, error: ProviderError) -> bool:
    if isinstance(error, UnsupportedFeatureError):
        return True
    limit = NOT_FOUND_FOR if isinstance(error, RunNotFoundError) else UNANSWERED_FOR
    return clock.now() - receipt.received_at > limit


def _refused(job: JobQueue) -> str:
    webhook_log.not_ours(job.provider, job.pk)
    return Result.NOT_OURS


def _taken(job: JobQueue, run: Run) -> str:
    """Follow a run of ours where the job has none; else have it stopped, and say so."""
    if job.status in UNANSWERED:
        reconcile.found(job, run)
        return Result.ADOPTED if job.run_id == run.id else Result.SECOND_RUN
    message = gettext_noop("Run %(run_id)s reported while the job was %(status)s.")
    remember_orphan(job, run.id)
    record_incident(job, message, run_id=run.id, status=job.status)
    return Result.SECOND_RUN
