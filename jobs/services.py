"""What people and other rooms may do to jobs; pages, admin and commands all call these."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_noop

from accounts import limits
from accounts.models import User
from jobs import budgets, clock, tasks
from jobs.dispatch import dispatch_on_commit
from jobs.engine.transitions import TransitionError, move
from jobs.events import note, record
from jobs.models import JobEvent, JobQueue
from jobs.states import OVER, Status
from models_app.models import UserModel


def enqueue(
    *,
    kind: str,
    model: UserModel,
    provider: str,
    idempotency_key: str,
    payload: dict[str, Any],
    deadline_in: timedelta,
    cost_estimate: Decimal | None = None,
    budget_usd: Decimal = budgets.NOTHING,
) -> JobQueue:
    """Store one job and dispatch it; the same `idempotency_key` returns the job that exists.

    `cost_estimate` is shown, `budget_usd` counts in budgets, also where no price is published.
    Raises LimitReachedError where a budget has no room for it, and IntegrityError where another
    unfinished training of the model exists.
    """
    try:
        with transaction.atomic():
            _require_budget(model.owner_id, budget_usd)
            now = clock.now()
            job = JobQueue.objects.create(
                kind=kind,
                owner_id=model.owner_id,
                model=model,
                provider=provider,
                idempotency_key=idempotency_key,
                payload=payload,
                created_at=now,
                next_poll_at=now,
                state_changed_at=now,
                deadline_at=now + deadline_in,
                cost_estimate=cost_estimate,
                budget_usd=budget_usd,
            )
            record(job, JobEvent.Kind.STATE, Status.QUEUED.value)
            dispatch_on_commit(tasks.submit_job, str(job.pk))
            return job
    except IntegrityError:
        existing = JobQueue.objects.filter(idempotency_key=idempotency_key).first()
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

    `by` names who asked, for the timeline. Raises TransitionError where there is nothing to stop.
    """
    job.refresh_from_db()
    if job.status == Status.QUEUED:
        try:
            move(job, Status.CANCELLED, cancel_requested_at=clock.now())
            sent_nothing = gettext_noop("Cancelled by %(by)s before anything was sent.")
            lost_a_call = gettext_noop("Cancelled by %(by)s before it was sent again.")
            note(job, lost_a_call if job.call_over_at else sent_nothing, by=by)
            return
        except TransitionError:
            pass  # a worker was first: from here on it is a request to the provider
    asked = JobQueue.objects.filter(
        pk=job.pk,
        status__in=[Status.SUBMITTING, Status.RUNNING],
        cancel_requested_at=None,
    ).hurry(cancel_requested_at=clock.now())
    if not asked:
        raise TransitionError(job, Status.CANCELLED.value)
    job.refresh_from_db()
    note(job, gettext_noop("%(by)s asked to cancel."), by=by)
    dispatch_on_commit(tasks.poll_provider, job.provider)


def poll_now(job: JobQueue) -> None:
    """Make the job due at once. Raises TransitionError for one that is over."""
    if not JobQueue.objects.filter(pk=job.pk).exclude(status__in=sorted(OVER)).hurry():
        raise TransitionError(job, "polled")
    dispatch_on_commit(tasks.sweep_jobs)


@transaction.atomic
def abandon(job: JobQueue, *, by: str) -> None:
    """End an unclear job that the owner gives up on. If its run appears later, it is stopped.

    Raises TransitionError for a job that is not unclear.
    """
    _require_unclear(job, Status.CANCELLED)
    move(job, Status.CANCELLED, error_code="abandoned")
    note(
        job,
        gettext_noop("Abandoned by %(by)s. If the run appears after all, it is stopped."),
        by=by,
    )


@transaction.atomic
def declare_not_started(job: JobQueue, *, by: str) -> None:
    """A person says that an unclear job never started: it is sent again, even if it was
    cancelled before, once the lost call can no longer arrive.

    A word is no proof, so budgets count the lost call as well as the new one. Raises
    TransitionError for a job that is not unclear, and LimitReachedError.
    """
    if job.owner_id:
        _require_budget(job.owner_id, job.budget_usd)
    _require_unclear(job, Status.QUEUED)
    now = clock.now()
    move(
        job,
        Status.QUEUED,
        next_poll_at=max(now, job.call_over_at or now),
        sent_at=None,
        cancel_requested_at=None,
        cancel_sent_at=None,
        error_code="",
        error_detail="",
    )
    note(job, gettext_noop("%(by)s says it did not start, so it is sent again."), by=by)
    dispatch_on_commit(tasks.submit_job, str(job.pk))


def stop_everything(owner: User, *, by: str) -> None:
    """Cancel whatever of an owner's jobs can be cancelled, and abandon what is unclear.

    What is at its provider already ends as soon as that confirms it; results that are being
    downloaded are not stopped.
    """
    for job in JobQueue.objects.filter(owner=owner).exclude(status__in=sorted(OVER)):
        with suppress(TransitionError):  # it has just changed by itself
            if job.status == Status.UNKNOWN:
                abandon(job, by=by)
            elif can_cancel(job):
                cancel(job, by=by)


def _require_budget(owner_id: int, price: Decimal) -> None:
    if price:
        budgets.require(limits.lock(owner_id), price)


def _require_unclear(job: JobQueue, target: Status) -> None:
    job.refresh_from_db()
    if job.status != Status.UNKNOWN:
        raise TransitionError(job, target.value)
