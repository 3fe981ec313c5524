"""Saving a run that a provider accepted, whatever happened to its job meanwhile."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from datetime import datetime
from itertools import chain, repeat
from pathlib import Path

from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils.translation import gettext_noop

from jobs import clock
from jobs.engine import journal
from jobs.engine.row_locks import is_row_locked
from jobs.engine.transitions import TransitionError, move
from jobs.events import record_incident
from jobs.models import JobQueue, OrphanRun
from jobs.states import Status
from jobs.work import work_for
from providers.redaction import sanitised
from providers.types import Run, RunStatus

log = logging.getLogger(__name__)

ENGINE_LIMIT = JobQueue._meta.get_field("engine").max_length
# Seconds between tries to store an answer; the last one again and again while no copy of it is
# anywhere yet. A copy in the journal is stored by the next sweep.
RETRIES = (0.5, 1.0, 2.0, 4.0)


def accept_run(job: JobQueue, run: Run) -> None:
    """Store an accepted run, whatever it takes: an answer once read is never thrown away.

    Where the claim was lost meanwhile the job adopts the run, or an incident is recorded. A
    database (or a storage) that does not take it leaves it in the journal; where that does not
    either, both are tried for as long as this process lives.
    """
    before = vars(job).copy()
    kept: Path | None = None
    for number, pause in enumerate(chain(RETRIES, repeat(RETRIES[-1])), start=1):
        try:
            _accept(job, run)
            break
        except Exception as error:
            log.warning("job %s: run %s could not be stored yet: %r", job.pk, run.id, error)
            vars(job).update(before)  # rolled back: the next try starts from what is stored
        kept = kept or _keep(job, run)
        if kept and number > len(RETRIES):
            return
        if not connection.in_atomic_block:
            connection.close()  # the next try opens a fresh one
        time.sleep(pause)
    if kept:
        journal.forget_answer(kept)


def _keep(job: JobQueue, run: Run) -> Path | None:
    try:
        path = journal.keep_answer(job, run)
    except OSError as error:
        log.critical("job %s: run %s is stored nowhere yet: %r", job.pk, run.id, error)
        return None
    log.error("job %s: run %s is kept in the journal", job.pk, run.id)
    return path


def adopt_kept_answers(job_id: object = "*") -> None:
    """Store the answers, of one job or all, that waited in the journal for the database."""
    for path in journal.kept_answers(job_id):
        try:
            _adopt_answer(path)
        except OperationalError as error:
            if not is_row_locked(error):
                raise  # the database is away again: all of them wait
            log.warning("the kept answer %s waits for a locked row", path.name)
        except Exception:
            log.exception("the kept answer %s cannot be stored; it stays where it is", path)


def _adopt_answer(path: Path) -> None:
    job_id, run = journal.read_answer(path)
    job = JobQueue.objects.filter(pk=job_id).first()
    if job is None:
        log.error("the kept answer of run %s belongs to no job here", run.id)
        return
    _accept(job, run)
    journal.forget_answer(path)


def _accept(job: JobQueue, run: Run) -> None:
    try:
        if not _follow(job, run):
            message = gettext_noop(
                "Run %(run_id)s was accepted late, while the job was %(status)s."
            )
            if not run.status.is_over:
                remember_orphan(job, run.id)
            record_incident(job, message, run_id=run.id, status=job.status)
    except IntegrityError:
        # The provider returned one run for two jobs: only a person can decide which it is.
        job.refresh_from_db()
        record_incident(job, gettext_noop("Run %(run_id)s belongs to another job."), run_id=run.id)
        if job.status == Status.SUBMITTING:
            mark_unclear(job, job.incident)


def remember_orphan(job: JobQueue, run_id: str) -> None:
    """Have a run that nobody follows stopped at its provider, until that is confirmed."""
    OrphanRun.objects.get_or_create(
        job=job, run_id=run_id, defaults={"next_try_at": clock.now(), "found_at": clock.now()}
    )


def _follow(job: JobQueue, run: Run) -> bool:
    try:
        mark_running(job, run)
    except TransitionError:
        return _is_followed(job, run) or _adopt(job, run)
    return True


def _is_followed(job: JobQueue, run: Run) -> bool:
    """Whether others were faster; what came with the answer is kept all the same."""
    if job.run_id != run.id:
        return False
    if job.status == Status.RUNNING and run.status is RunStatus.SUCCEEDED:
        with suppress(TransitionError):
            mark_finishing(job, run)
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
        run=run,
        progress=1.0,
        step=max(job.step or 0, job.total_steps or 0) or None,
        eta_at=None,
        last_seen_at=clock.now(),
        stage=gettext_noop("Downloading the result"),
        engine=sanitised(run.engine, ENGINE_LIMIT) or job.engine,
        result={**job.result, **work_for(job).result_of(job, run)},
    )


def mark_unclear(job: JobQueue, detail: str, call_over_at: datetime | None = None) -> None:
    """The paid call was sent and its outcome is not known; it may be under way until then."""
    move(
        job,
        Status.UNKNOWN,
        call_over_at=call_over_at or clock.now(),
        error_code="outcome_unknown",
        error_detail=detail,
    )
