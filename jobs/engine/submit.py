"""From a queued row to a run at the provider, paying at most once.

    claim (committed) → prepare (free) → mark as sent (committed) → paid call → save the run

A crash before the mark means "surely not sent": back to the queue. A crash after it means
"nobody knows": `unknown`, and `reconcile` finds out. There is no third case.
"""

from __future__ import annotations

import logging
import uuid
from datetime import timedelta
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_noop

from jobs import clock
from jobs.engine import durability, journal, provider_status, release
from jobs.engine.acceptance import accept_run, adopt_kept_answers, mark_unclear
from jobs.engine.backoff import LONGEST, retry_delay
from jobs.engine.leases import renewed_lease
from jobs.engine.reconcile import SEND_WITHIN, find_lost_run, is_of_another
from jobs.engine.transitions import TransitionError, claim_queued, mark_sent, move
from jobs.events import error_code, error_text, note
from jobs.log_context import about
from jobs.models import JobQueue
from jobs.states import Status
from jobs.work import MissingInputError, Work, work_for
from models_app.storage_errors import StorageAwayError
from providers import registry
from providers.base import Provider
from providers.errors import (
    AuthenticationFailedError,
    OutOfCreditError,
    ProviderError,
    ProviderUnavailableError,
    RequestRejectedError,
    UnsupportedFeatureError,
)
from providers.http.send_once import steady_seconds
from providers.types import Run, RunStatus

log = logging.getLogger(__name__)

# The provider refused: the same request would be refused again.
REFUSALS = (
    AuthenticationFailedError,
    OutOfCreditError,
    RequestRejectedError,
    UnsupportedFeatureError,
)


def submit(job_id: uuid.UUID) -> bool:
    """Bring one queued job to its provider; return whether it had its turn.

    Safe to call for any job, any number of times.
    """
    if reason := _held_back():
        log.error("job %s waits: %s", job_id, reason)
        return False
    # An answer that waits in the journal is its run: a second call would be a second payment.
    adopt_kept_answers(job_id)
    if journal.kept_answers(job_id):
        log.error("job %s waits: an answer in the journal may be its run", job_id)
        return False
    job = claim_queued(job_id)
    if job is None:
        return False
    log.info("job %s: submitting to %s", job.pk, job.provider)
    with about(job), renewed_lease(job):
        try:
            _submit(job)
        except TransitionError:
            # Our lease expired and others took over; what they decide stands.
            log.warning("job %s: lost its claim while submitting", job.pk)
    return True


def _held_back() -> str:
    """Why this process may pay nothing now; "" where it may."""
    if journal.is_database_behind():
        return "this database is older than a paid call: reconcile"
    if not release.is_current():
        return "this worker is not of the database's release: restart it"
    if not durability.commits_are_kept():
        return "the database's commits do not wait for its disk"
    return ""


def _submit(job: JobQueue) -> None:
    if adopted := job.payload.get("adopt_run"):
        accept_run(job, Run(id=adopted, status=RunStatus.RUNNING))
        return
    work = work_for(job)
    prepared = _prepare(job, work)
    if prepared is None:
        return
    provider, request, found = prepared
    if found:
        accept_run(job, found)
        return
    # Taken before the mark: a process frozen from here on wakes up too late to send.
    not_after = steady_seconds() + SEND_WITHIN
    try:
        journal.begin_mark()
        if _held_back() or not mark_sent(job, provider.account, provider.lookup_key(request)):
            # Cancelled, updated or restored while it was prepared: back to the queue, unpaid.
            move(job, Status.QUEUED, sent_at=None)
            return
        if job.lookup_key:
            journal.keep_lookup_key(job)
        journal.raise_mark()
    except (OSError, ValueError) as error:
        # Without them a restored database could pay again, so nothing is sent. A disk that
        # is full for long is no failed try: there is room again some time.
        log.warning("job %s: what is paid cannot be written down: %s", job.pk, error)
        _put_off(job, error, code=error_code(error))
        return
    _pay(job, work, provider, request, not_after)


def _prepare(job: JobQueue, work: Work) -> tuple[Provider, Any, Run | None] | None:
    try:
        provider = registry.get(job.provider)
    except ImproperlyConfigured as error:
        # Only the operator can correct it, and may: until then the job waits.
        _requeue(job, error, code="not_configured", delay=timedelta(seconds=LONGEST))
        return None
    try:
        found = find_lost_run(job, provider)
    except ProviderError as error:
        # Also where it refuses the look-up: that says nothing about the call.
        _wait(job, error)
        return None
    except Exception as error:
        log.exception("job %s: looking its run up failed", job.pk)
        _put_off(job, error, code=error_code(error))
        return None
    try:
        return provider, None if found else work.prepare(job, provider), found
    except REFUSALS as error:
        _refuse(job, error)
    except ProviderError as error:
        _wait(job, error)
    except MissingInputError as error:
        log.error("job %s: it cannot be sent: %s: %s", job.pk, error.code, error)
        detail = error_text(error)
        move(job, Status.FAILED, error_code=error.code, error_detail=detail, sent_at=None)
    except StorageAwayError as error:
        log.warning("job %s waits: %s", job.pk, error)
        _put_off(job, error, code=error_code(error))
    except Exception as error:
        log.exception("job %s: preparing failed", job.pk)
        _retry_or_fail(job, error)
    return None


def _pay(job: JobQueue, work: Work, provider: Provider, request: Any, not_after: float) -> None:
    try:
        run = work.submit(job, provider, request, not_after=not_after)
    except REFUSALS as error:
        _refuse(job, error)
    except ProviderUnavailableError as error:
        _wait(job, error)
    except Exception as error:
        # Whatever it was, the call had been sent: only the provider knows the outcome.
        log.warning("job %s: the answer to the paid call was lost: %r", job.pk, error)
        mark_unclear(job, error_text(error))
    else:
        _accept(job, run)


def _accept(job: JobQueue, run: Run) -> None:
    if is_of_another(job, run):
        log.error("job %s: the answer is about run %s of another", job.pk, run.id)
        mark_unclear(job, f"The answer was about run {run.id}, which is another's.")
        return
    accept_run(job, run)  # before any bookkeeping
    provider_status.record_answer(job.provider)


def _refuse(job: JobQueue, error: ProviderError) -> None:
    """The provider refused, so nothing was paid and nothing will come."""
    move(
        job,
        Status.FAILED,
        error_code=error.code,
        error_detail=error_text(error),
        sent_at=None,
    )
    provider_status.record_answer(job.provider)


def _wait(job: JobQueue, error: ProviderError) -> None:
    """Surely not sent: back to the queue, to be tried again a little later."""
    is_first = job.unanswered_count == 0
    _put_off(job, error, code=error.code, retry_after=error.retry_after)
    if is_first:
        note(
            job, gettext_noop("The trainer cannot be reached. The job waits and starts by itself.")
        )
    provider_status.record_failure(job.provider, error)


def _put_off(
    job: JobQueue, error: Exception, *, code: str, retry_after: float | None = None
) -> None:
    """Try again later, as often as needed: it is no fault of the job."""
    unanswered = job.unanswered_count + 1
    delay = retry_delay(unanswered, retry_after)
    _requeue(job, error, code=code, delay=delay, unanswered_count=unanswered)


def _retry_or_fail(job: JobQueue, error: Exception) -> None:
    attempts = job.attempts + 1
    if attempts < job.max_attempts:
        _requeue(job, error, code="internal", delay=retry_delay(attempts), attempts=attempts)
    else:
        detail = error_text(error)
        move(job, Status.FAILED, error_code="internal", error_detail=detail, sent_at=None)


def _requeue(
    job: JobQueue, error: Exception, *, code: str, delay: timedelta, **counts: int
) -> None:
    kept: dict[str, Any] = {"attempts": job.attempts, "unanswered_count": job.unanswered_count}
    move(
        job,
        Status.QUEUED,
        is_repeat=job.error_code == code,
        sent_at=None,
        next_poll_at=clock.now() + delay,
        error_code=code,
        error_detail=error_text(error),
        **(kept | counts),
    )
