"""From a queued row to a run at the provider, paying at most once.

    claim (committed) → prepare (free) → mark as sent (committed) → paid call → save the run

A crash before the mark means "surely not sent": back to the queue. A crash after it means
"nobody knows": `unknown`, and `lookup` finds out. There is no third case.
"""

from __future__ import annotations

import logging
import time
import uuid
from datetime import timedelta
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, transaction

from jobs import clock, watch
from jobs.backoff import LONGEST, retry_delay
from jobs.events import alarm, note, storable
from jobs.kinds import Work, work_for
from jobs.lease import kept_alive
from jobs.log_context import about
from jobs.models import JobEvent, JobQueue
from jobs.moves import IllegalMove, claim_queued, mark_sent, move
from jobs.states import Status
from providers import registry
from providers.base import Provider
from providers.errors import (
    AuthenticationFailed,
    OutcomeUnknown,
    OutOfCredit,
    ProviderError,
    ProviderUnavailable,
    RequestRejected,
    UnsupportedFeature,
)
from providers.types import LISTING, Run, RunStatus, WorkKind

log = logging.getLogger(__name__)

# The provider said no: asking again the same way would get the same answer.
REFUSALS = (AuthenticationFailed, OutOfCredit, RequestRejected, UnsupportedFeature)
# A process that was frozen after its mark must not send late (seconds).
SEND_WITHIN = 10.0
ENGINE_LIMIT = 40


def submit(job_id: uuid.UUID) -> None:
    """Bring one queued job to its provider. Safe to call for any job, any number of times."""
    job = claim_queued(job_id)
    if job is None:
        return
    log.info("job %s: submitting to %s", job.pk, job.provider)
    with about(job), kept_alive(job):
        try:
            _submit(job)
        except IllegalMove:
            # Our lease ran out and others took over; what they decide stands.
            log.warning("job %s: lost its claim while submitting", job.pk)


def _submit(job: JobQueue) -> None:
    if adopted := job.payload.get("adopt_run"):
        save_run(job, Run(id=adopted, status=RunStatus.RUNNING))
        return
    work = work_for(job)
    prepared = _prepare(job, work)
    if prepared is None:
        return
    provider, request, found = prepared
    if found:
        save_run(job, found)
        return
    # Taken before the mark: whoever is frozen from here on wakes up too late to send.
    not_after = time.time() + SEND_WITHIN
    if not mark_sent(job):
        # Cancelled meanwhile: back to the queue, where the tick ends it. Nothing was paid.
        move(job, Status.QUEUED, sent_at=None)
        return
    _pay(job, work, provider, request, not_after)


def _prepare(job: JobQueue, work: Work) -> tuple[Provider, Any, Run | None] | None:
    try:
        provider = registry.get(job.provider)
    except ImproperlyConfigured as error:
        # Only the operator can mend it, and may: until then the job waits.
        delay = timedelta(seconds=LONGEST)
        _requeue(job, error, attempts=job.attempts + 1, delay=delay, code="not_configured")
        return None
    try:
        found = _turned_up(job, provider)
        return provider, None if found else work.prepare(job, provider), found
    except REFUSALS as error:
        refuse(job, error)
    except ProviderError as error:
        wait(job, error)
    except Exception as error:
        log.exception("job %s: preparing failed", job.pk)
        _try_later_or_give_up(job, error)
    return None


def _turned_up(job: JobQueue, provider: Provider) -> Run | None:
    """A job that was unclear before is looked up once more before it is paid again."""
    kind = WorkKind(job.kind)
    if LISTING[kind] not in provider.capabilities:
        return None
    if not job.events.filter(kind=JobEvent.Kind.STATE, text=Status.UNKNOWN).exists():
        return None
    try:
        return provider.find_run(job.correlation, kind)
    except OutcomeUnknown:
        # An incomplete list says nothing: the proof or the owner's word that led here stands.
        return None


def _pay(job: JobQueue, work: Work, provider: Provider, request: Any, not_after: float) -> None:
    try:
        run = work.submit(job, provider, request, not_after=not_after)
    except REFUSALS as error:
        refuse(job, error)
    except ProviderUnavailable as error:
        wait(job, error)
    except Exception as error:
        # Whatever it was, the call had left: only the provider can tell what became of it.
        log.warning("job %s: the answer to the paid call was lost: %r", job.pk, error)
        _give_up(job, words_of(error))
    else:
        watch.answered(job.provider)
        save_run(job, run)


def _give_up(job: JobQueue, words: str) -> None:
    move(
        job,
        Status.UNKNOWN,
        given_up_at=clock.now(),
        error_code="outcome_unknown",
        error_detail=words,
    )


def save_run(job: JobQueue, run: Run) -> None:
    """Store an accepted run; where the claim was lost meanwhile, adopt it or raise the alarm."""
    try:
        if not _follow(job, run):
            sentence = f"A late answer brought run {run.id} while the job was {job.status}."
            alarm(job, sentence, run_id=run.id)
    except IntegrityError:
        # The provider gave one run to two jobs: which of them it is, only a person can tell.
        job.refresh_from_db()
        sentence = f"Run {run.id} is followed by another job already."
        alarm(job, sentence, run_id=run.id)
        if job.status == Status.SUBMITTING:
            _give_up(job, sentence)


def _follow(job: JobQueue, run: Run) -> bool:
    try:
        started(job, run)
    except IllegalMove:
        return job.run_id == run.id or _adopt(job, run)
    return True


def _adopt(job: JobQueue, run: Run) -> bool:
    """Follow a run whose answer came after others took the job over, unless they paid again."""
    is_unsent = job.status == Status.SUBMITTING and job.sent_at is None
    try:
        if job.status == Status.QUEUED:
            with transaction.atomic():
                move(job, Status.SUBMITTING)
                started(job, run)
        elif job.status == Status.UNKNOWN or is_unsent:
            started(job, run)
        else:
            return False
    except IllegalMove:
        return False
    return True


def started(job: JobQueue, run: Run) -> None:
    """The provider has the run: follow it. One that is over already is fetched at once."""
    with transaction.atomic():
        now = clock.now()
        move(
            job,
            Status.RUNNING,
            run_id=run.id,
            submitted_at=job.submitted_at or now,
            last_seen_at=now,
            engine=storable(run.engine, ENGINE_LIMIT),
            error_code="",
            error_detail="",
        )
        if run.status is RunStatus.SUCCEEDED:
            finished(job, run)


def finished(job: JobQueue, run: Run) -> None:
    """The run has succeeded at the provider: what remains is bringing the result home."""
    move(
        job,
        Status.FINISHING,
        progress=1.0,
        step=job.total_steps,
        eta_at=None,
        last_seen_at=clock.now(),
        stage="Fetching the result",
        engine=storable(run.engine, ENGINE_LIMIT) or job.engine,
        result={**job.result, **work_for(job).result_of(job, run)},
    )


def refuse(job: JobQueue, error: ProviderError) -> None:
    """The provider refused, so nothing was paid and nothing will come."""
    watch.answered(job.provider)
    move(
        job,
        Status.FAILED,
        error_code=error.code,
        error_detail=words_of(error),
        sent_at=None,
    )


def wait(job: JobQueue, error: ProviderError) -> None:
    """Surely not sent: back to the queue, to be tried again a little later."""
    watch.failed(job.provider, error)
    attempts = job.attempts + 1
    delay = retry_delay(attempts, error.retry_after)
    _requeue(job, error, attempts=attempts, delay=delay, code=error.code)
    if attempts == 1:
        note(job, "The trainer cannot be reached. The job waits and goes on by itself.")


def _try_later_or_give_up(job: JobQueue, error: Exception) -> None:
    # Waits for the provider before this one are not failures of ours.
    attempts = job.attempts + 1 if job.error_code == "internal" else 1
    if attempts < job.max_attempts:
        _requeue(job, error, attempts=attempts, delay=retry_delay(attempts), code="internal")
    else:
        move(job, Status.FAILED, error_code="internal", error_detail=words_of(error))


def _requeue(
    job: JobQueue, error: Exception, *, attempts: int, delay: timedelta, code: str
) -> None:
    move(
        job,
        Status.QUEUED,
        sent_at=None,
        attempts=attempts,
        next_poll_at=clock.now() + delay,
        error_code=code,
        error_detail=words_of(error),
    )


def words_of(error: Exception) -> str:
    """The provider's own words where there are any, cut to the column."""
    return storable(str(getattr(error, "detail", "") or error))
