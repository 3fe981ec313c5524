"""Bringing a result home. Repeatable after any crash; only then is a job a success."""

from __future__ import annotations

import errno
import logging
import uuid
from datetime import timedelta

from django.core.exceptions import ImproperlyConfigured

from jobs import clock, logs, watch
from jobs.backoff import LONGEST, retry_delay
from jobs.events import record
from jobs.kinds import BadResult, work_for
from jobs.lease import kept_alive
from jobs.log_context import about
from jobs.models import JobEvent, JobQueue
from jobs.moves import IllegalMove, claim_finishing, move, release
from jobs.states import Status
from jobs.submit import words_of
from providers import registry
from providers.base import Provider
from providers.errors import ProviderError, ProviderUnavailable
from providers.types import Capability, WorkKind

log = logging.getLogger(__name__)

WAIT_WHILE_AWAY = timedelta(seconds=5)


def finish(job_id: uuid.UUID) -> None:
    """Fetch and store one finished run's result. Safe to call any number of times."""
    job = claim_finishing(job_id)
    if job is None:
        return
    with about(job), kept_alive(job):
        try:
            _finish(job)
        except IllegalMove:
            log.warning("job %s: lost its claim while finishing", job.pk)


def _finish(job: JobQueue) -> None:
    try:
        provider = registry.get(job.provider)
    except ImproperlyConfigured as error:
        # Only the operator can mend it, and may: the result stays where it is.
        until = clock.now() + timedelta(seconds=LONGEST)
        release(job, until=until, error_code="not_configured", error_detail=words_of(error))
        return
    try:
        _bring_home(job, provider)
    except IllegalMove:
        raise
    except ProviderUnavailable as error:
        # Not there right now: that says nothing about the result, so it is not a failed try.
        watch.failed(job.provider, error)
        wait = max(WAIT_WHILE_AWAY, timedelta(seconds=error.retry_after or 0))
        release(job, until=clock.now() + wait)
    except (ProviderError, BadResult, OSError) as error:
        _try_again_or_give_up(job, error)
    except Exception as error:
        log.exception("job %s: finishing failed", job.pk)
        _try_again_or_give_up(job, error)


def _bring_home(job: JobQueue, provider: Provider) -> None:
    if job.kind == WorkKind.TRAINING and Capability.LOG in provider.capabilities:
        logs.read(provider, job)
    found = work_for(job).finish(job, provider, lambda text: report(job, text))
    move(
        job,
        Status.SUCCEEDED,
        result={**job.result, **found},
        stage="Done",
        progress=1.0,
        error_code="",
        error_detail="",
    )


def report(job: JobQueue, text: str) -> None:
    """Show on the page what is being fetched, unless others have taken the job over."""
    if JobQueue.objects.filter(pk=job.pk, claim=job.claim).update(stage=text[:120]):
        record(job, JobEvent.Kind.PROGRESS, text)


def _try_again_or_give_up(job: JobQueue, error: Exception) -> None:
    attempts, code = job.attempts + 1, code_of(error)
    log.warning("job %s: try %d of finishing: %s: %s", job.pk, attempts, code, error)
    if attempts >= job.max_attempts:
        move(job, Status.FAILED, error_code=code, error_detail=words_of(error))
        return
    release(
        job,
        until=clock.now() + retry_delay(attempts),
        attempts=attempts,
        error_code=code,
        error_detail=words_of(error),
    )


def code_of(error: Exception) -> str:
    """The error code of `jobs.messages` for a failed try."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "disk_full"
    return str(getattr(error, "code", "internal"))
