"""Saving a run that a provider accepted, whatever happened to its job meanwhile."""

from __future__ import annotations

import logging
import time

from django.db import (
    DatabaseError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    connection,
    transaction,
)
from django.utils.translation import gettext_noop

from jobs import clock
from jobs.engine import journal
from jobs.engine.transitions import TransitionError, move
from jobs.events import record_incident
from jobs.models import JobQueue
from jobs.states import Status
from jobs.work import work_for
from providers.redaction import sanitised
from providers.types import Run, RunStatus

log = logging.getLogger(__name__)

ENGINE_LIMIT = JobQueue._meta.get_field("engine").max_length


# Seconds between tries to store an answer before it is kept on disk: a restart of the database.
RETRIES = (0.5, 1.0, 2.0, 4.0)


def accept_run(job: JobQueue, run: Run) -> None:
    """Store an accepted run, whatever it takes: an answer once read is never thrown away.

    Where the claim was lost meanwhile the job adopts the run, or an incident is recorded. A
    database (or a storage) that stays away leaves the answer in the journal.
    """
    for pause in RETRIES:
        try:
            _accept(job, run)
            return
        except (DatabaseError, InterfaceError, OSError) as error:
            log.warning("job %s: run %s could not be stored yet: %r", job.pk, run.id, error)
            if not connection.in_atomic_block:
                connection.close()  # the next try opens a fresh one
            time.sleep(pause)
    journal.keep_answer(job, run)
    log.error("job %s: run %s is kept in the journal", job.pk, run.id)


def adopt_kept_answers() -> None:
    """Store the answers that waited in the journal for the database."""
    for job_id, run in journal.kept_answers():
        job = JobQueue.objects.filter(pk=job_id).first()
        if job is None:
            log.error("the kept answer of run %s belongs to no job here", run.id)
            continue
        try:
            _accept(job, run)
        except OperationalError:
            raise  # the database is away again: all of them wait
        except Exception:
            log.exception("job %s: the kept answer of run %s cannot be stored", job.pk, run.id)
        else:
            journal.forget_answer(job_id)


def _accept(job: JobQueue, run: Run) -> None:
    try:
        if not _follow(job, run):
            message = gettext_noop(
                "Run %(run_id)s was accepted late, while the job was %(status)s."
            )
            record_incident(job, message, run_id=run.id, status=job.status)
    except IntegrityError:
        # The provider returned one run for two jobs: only a person can decide which it is.
        job.refresh_from_db()
        record_incident(job, gettext_noop("Run %(run_id)s belongs to another job."), run_id=run.id)
        if job.status == Status.SUBMITTING:
            mark_unclear(job, job.incident)


def _follow(job: JobQueue, run: Run) -> bool:
    try:
        mark_running(job, run)
    except TransitionError:
        return job.run_id == run.id or _adopt(job, run)
    return True


def _adopt(job: JobQueue, run: Run) -> bool:
    """Follow a run whose answer came after others took the job over, unless they paid again."""
    is_unsent = job.status == Status.SUBMITTING and job.sent_at is None
    try:
        if job.status == Status.QUEUED:
            with transaction.atomic():
                move(job, Status.SUBMITTING)
                mark_running(job, run)
        elif job.status == Status.UNKNOWN or is_unsent:
            mark_running(job, run)
        else:
            return False
    except TransitionError:
        return False
    return True


def mark_running(job: JobQueue, run: Run) -> None:
    """The provider has the run. One that is over already is ready to be collected."""
    with transaction.atomic():
        now = clock.now()
        move(
            job,
            Status.RUNNING,
            run_id=run.id,
            submitted_at=job.submitted_at or now,
            last_seen_at=now,
            engine=sanitised(run.engine, ENGINE_LIMIT),
            error_code="",
            error_detail="",
        )
        if run.status is RunStatus.SUCCEEDED:
            mark_finishing(job, run)


def mark_finishing(job: JobQueue, run: Run) -> None:
    """The run has succeeded at the provider: what remains is to collect its result."""
    move(
        job,
        Status.FINISHING,
        progress=1.0,
        step=max(job.step or 0, job.total_steps or 0) or None,
        eta_at=None,
        last_seen_at=clock.now(),
        stage=gettext_noop("Downloading the result"),
        engine=sanitised(run.engine, ENGINE_LIMIT) or job.engine,
        result={**job.result, **work_for(job).result_of(job, run)},
    )


def mark_unclear(job: JobQueue, detail: str) -> None:
    """The paid call was sent and its outcome is not known."""
    move(
        job,
        Status.UNKNOWN,
        call_over_at=clock.now(),
        error_code="outcome_unknown",
        error_detail=detail,
    )
