"""Collecting a result: download, verify, store. Repeatable; only then is a job a success."""

from __future__ import annotations

import logging
import uuid
from datetime import timedelta

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_noop

from jobs import clock
from jobs.engine import provider_status, run_logs
from jobs.engine.backoff import LONGEST, collect_delay, retry_delay
from jobs.engine.leases import renewed_lease
from jobs.engine.transitions import TransitionError, claim_finishing, move, release
from jobs.events import error_code, error_text, record
from jobs.log_context import about
from jobs.models import JobEvent, JobQueue
from jobs.states import Status
from jobs.work import InvalidResultError, followers_of, work_for
from providers import registry
from providers.base import Provider
from providers.errors import (
    AuthenticationFailedError,
    ProviderError,
    ProviderUnavailableError,
    RequestRejectedError,
    ResultHostError,
    RunNotFoundError,
)
from providers.types import Capability, RunStatus, WorkKind

log = logging.getLogger(__name__)

WAIT_WHILE_UNAVAILABLE = timedelta(seconds=5)
STAGE_LIMIT = JobQueue._meta.get_field("stage").max_length
# What an address that has expired can look like.
EXPIRED = (
    RunNotFoundError,
    AuthenticationFailedError,
    RequestRejectedError,
    InvalidResultError,
)


def collect(job_id: uuid.UUID) -> bool:
    """Fetch and store one finished run's result; return whether it had its turn.

    Safe to call any number of times.
    """
    job = claim_finishing(job_id)
    if job is None:
        return False
    with about(job), renewed_lease(job):
        try:
            _collect(job)
        except TransitionError:
            log.warning("job %s: lost its claim while collecting", job.pk)
    return True


def _collect(job: JobQueue) -> None:
    try:
        provider = registry.get(job.provider)
    except ImproperlyConfigured as error:
        # Only the operator can correct it, and may: the result stays where it is.
        until = clock.now() + timedelta(seconds=LONGEST)
        release(job, until=until, error_code="not_configured", error_detail=error_text(error))
        return
    try:
        _fetch_and_store(job, provider)
    except TransitionError:
        raise
    except ProviderUnavailableError as error:
        _wait(job, error)
    except (ProviderError, InvalidResultError, OSError) as error:
        _refresh(job, provider, error)
        _retry(job, error)
    except Exception as error:
        log.exception("job %s: collecting failed", job.pk)
        _retry(job, error)


def _wait(job: JobQueue, error: ProviderUnavailableError) -> None:
    """Not available right now: that says nothing about the result, so it is no failed try."""
    if not isinstance(error, ResultHostError):
        provider_status.record_failure(job.provider, error)
    unanswered = job.unanswered_count + 1
    wait = max(WAIT_WHILE_UNAVAILABLE, retry_delay(unanswered, error.retry_after))
    release(job, until=clock.now() + wait, unanswered_count=unanswered)


def _fetch_and_store(job: JobQueue, provider: Provider) -> None:
    if job.kind == WorkKind.TRAINING and Capability.LOG in provider.capabilities:
        run_logs.read(provider, job)
    added = work_for(job).collect(job, provider, lambda text: _report(job, text))
    move(
        job,
        Status.SUCCEEDED,
        result={**job.result, **added},
        stage=gettext_noop("Done"),
        progress=1.0,
        error_code="",
        error_detail="",
    )
    _tell_followers(job)


def _tell_followers(job: JobQueue) -> None:
    """Tell whoever goes on from a success. It is stored: nothing they do brings it into doubt."""
    for follower in followers_of(job):
        try:
            follower(job)
        except Exception:
            log.exception("job %s: succeeded, but what follows did not", job.pk)


def _report(job: JobQueue, text: str) -> None:
    """Show on the page what is being fetched, unless others have taken the job over.

    A try that says what the one before said is no news: there may be thousands in a day.
    """
    if job.stage == text[:STAGE_LIMIT]:
        return
    job.stage = text[:STAGE_LIMIT]
    if JobQueue.objects.filter(pk=job.pk, claim=job.claim).update(stage=job.stage):
        record(job, JobEvent.Kind.PROGRESS, text)


def _refresh(job: JobQueue, provider: Provider, error: Exception) -> None:
    """Ask for the result's address again where the one we have leads nowhere (any more).

    Results may appear late, and their addresses expire: into a refusal, or into a page that says
    so and passes for a damaged result.
    """
    if not isinstance(error, EXPIRED):
        return
    try:
        with provider_status.limits_heard(provider.key):
            run = provider.get_run(job.run_ref)
        if run.status is RunStatus.SUCCEEDED:
            job.result = {**job.result, **work_for(job).result_of(job, run)}
    except (ProviderError, OSError) as again:
        log.info("job %s: its result's address could not be refreshed: %s", job.pk, again)


def _retry(job: JobQueue, error: Exception) -> None:
    """Fetch again later. It is paid: only its deadline ends it (`sweep.end_overdue`)."""
    attempts, code = job.attempts + 1, error_code(error)
    log.warning("job %s: collecting, try %d failed: %s: %s", job.pk, attempts, code, error)
    release(
        job,
        until=clock.now() + collect_delay(attempts),
        attempts=attempts,
        result=job.result,
        error_code=code,
        error_detail=error_text(error),
    )
