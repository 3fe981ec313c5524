"""Saving a run that a provider accepted, whatever happened to its job meanwhile."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_noop

from jobs import clock
from jobs.engine.transitions import TransitionError, move
from jobs.events import record_incident
from jobs.models import JobQueue
from jobs.states import Status
from jobs.work import work_for
from providers.redaction import sanitised
from providers.types import Run, RunStatus

ENGINE_LIMIT = JobQueue._meta.get_field("engine").max_length


def accept_run(job: JobQueue, run: Run) -> None:
    """Store an accepted run; where the claim was lost meanwhile, adopt it or record an incident."""
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
        step=job.total_steps,
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
