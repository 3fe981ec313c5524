"""What people and other rooms may do to jobs. Every door (page, admin, command) calls these."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from jobs import clock, tasks
from jobs.bells import ring_on_commit
from jobs.events import note, record
from jobs.models import JobEvent, JobQueue
from jobs.moves import IllegalMove, move
from jobs.states import OVER, Status
from models_app import services as models_app
from models_app.models import UserModel

__all__ = [
    "IllegalMove",
    "StillAtWork",
    "can_cancel",
    "cancel",
    "declare_not_started",
    "delete_model",
    "enqueue",
    "forget",
    "poll_now",
]


def enqueue(
    *,
    kind: str,
    model: UserModel,
    provider: str,
    press_key: str,
    payload: dict[str, Any],
    deadline_in: timedelta,
    cost_estimate: Decimal | None = None,
) -> JobQueue:
    """Store one job and ring for it; the same `press_key` gives the job that is there already.

    Raises IntegrityError where another unfinished training of the model exists.
    """
    try:
        with transaction.atomic():
            now = clock.now()
            job = JobQueue.objects.create(
                kind=kind,
                owner_id=model.owner_id,
                model=model,
                provider=provider,
                press_key=press_key,
                payload=payload,
                next_poll_at=now,
                state_changed_at=now,
                deadline_at=now + deadline_in,
                cost_estimate=cost_estimate,
            )
            record(job, JobEvent.Kind.STATE, Status.QUEUED.value)
            ring_on_commit(tasks.submit, str(job.pk))
            return job
    except IntegrityError:
        existing = JobQueue.objects.filter(press_key=press_key).first()
        if existing is None:
            raise
        return existing


def can_cancel(job: JobQueue) -> bool:
    """Whether a cancel button makes sense: not over, not asked for, nothing trained yet."""
    return job.cancel_requested_at is None and job.status in {
        Status.QUEUED,
        Status.SUBMITTING,
        Status.RUNNING,
    }


@transaction.atomic
def cancel(job: JobQueue, *, by: str) -> None:
    """Stop a job: at once while it waits, else as soon as the provider confirms.

    `by` names who asked, for the timeline. Raises IllegalMove where there is nothing to stop.
    """
    job.refresh_from_db()
    if job.status == Status.QUEUED:
        try:
            move(job, Status.CANCELLED, cancel_requested_at=clock.now())
            note(job, f"Cancelled by {by} before anything was sent.")
            return
        except IllegalMove:
            pass  # a worker was first: from here on it is a request
    now = clock.now()
    asked = JobQueue.objects.filter(
        pk=job.pk,
        status__in=[Status.SUBMITTING, Status.RUNNING],
        cancel_requested_at=None,
    ).update(cancel_requested_at=now, next_poll_at=now)
    if not asked:
        raise IllegalMove(job, Status.CANCELLED.value)
    job.refresh_from_db()
    note(job, f"{by} asked to cancel.")
    ring_on_commit(tasks.poll, job.provider)


def poll_now(job: JobQueue) -> None:
    """Make the job due at once. Raises IllegalMove for one that is over."""
    if (
        not JobQueue.objects.filter(pk=job.pk)
        .exclude(status__in=sorted(OVER))
        .update(next_poll_at=clock.now())
    ):
        raise IllegalMove(job, "polled")
    ring_on_commit(tasks.tick)


@transaction.atomic
def forget(job: JobQueue, *, by: str) -> None:
    """The owner gives an unclear job up. If its run turns up later, it is stopped.

    Raises IllegalMove for a job that is not unclear.
    """
    _require_unclear(job, Status.CANCELLED)
    move(job, Status.CANCELLED, error_code="given_up")
    note(job, f"Given up by {by}. If the run turns up after all, it is stopped.")


@transaction.atomic
def declare_not_started(job: JobQueue, *, by: str) -> None:
    """A person says that an unclear job never started: it is sent again, however it was
    cancelled before, and once the lost call can no longer be on its way.

    Raises IllegalMove for a job that is not unclear.
    """
    _require_unclear(job, Status.QUEUED)
    now = clock.now()
    move(
        job,
        Status.QUEUED,
        next_poll_at=max(now, job.given_up_at or now),
        sent_at=None,
        cancel_requested_at=None,
        cancel_sent_at=None,
        error_code="",
        error_detail="",
    )
    note(job, f"{by} says it did not start, so it is sent again.")
    ring_on_commit(tasks.submit, str(job.pk))


def _require_unclear(job: JobQueue, target: Status) -> None:
    job.refresh_from_db()
    if job.status != Status.UNKNOWN:
        raise IllegalMove(job, target.value)


class StillAtWork(Exception):
    """Something is unfinished for the model: deleting it would orphan a paid run."""


@transaction.atomic
def delete_model(model: UserModel) -> None:
    """Delete a model with all its files; its finished jobs stay as the record of what was paid.

    Under the model's lock, so that no training and no picture starts in between. Raises
    StillAtWork.
    """
    UserModel.objects.select_for_update().filter(pk=model.pk).first()
    if JobQueue.objects.filter(model=model).exclude(status__in=sorted(OVER)).exists():
        raise StillAtWork
    models_app.delete_model(model)
