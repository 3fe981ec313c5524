"""The beat: every two seconds, everything that is due. Losing a tick or doubling it is harmless."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q

from jobs import clock, watch
from jobs.events import note
from jobs.models import Beat, JobQueue
from jobs.moves import IllegalMove, move
from jobs.states import Status
from jobs.submit import SEND_WITHIN
from providers import registry
from providers.types import WorkKind

BATCH = 200
NAME = "tick"


def remember() -> None:
    """Leave word that the clock is running, for those who watch it."""
    Beat.objects.update_or_create(name=NAME, defaults={"at": clock.now()})


def recover_leases() -> None:
    """Take up submissions whose worker is gone: unsent ones again, sent ones as unclear."""
    expired = JobQueue.objects.filter(status=Status.SUBMITTING, lease_until__lt=clock.now())
    for job in expired[:BATCH]:
        try:
            if job.sent_at is None:
                move(job, Status.QUEUED, attempts=job.attempts)
                note(job, "The worker stopped before sending it. It is sent again.")
            else:
                move(
                    job,
                    Status.UNKNOWN,
                    given_up_at=call_is_over(job),
                    error_code="outcome_unknown",
                )
        except IllegalMove:
            continue


def call_is_over(job: JobQueue) -> datetime:
    """When a paid call was over at the latest. Its worker may live and only have lost touch
    with the database, so the call counts as under way for as long as it could last."""
    limits = registry.get(job.provider).paid_timeouts[WorkKind(job.kind)]
    longest = timedelta(seconds=SEND_WITHIN + sum(limits))
    return max(clock.now(), (job.sent_at or job.state_changed_at) + longest)


def end_overdue() -> None:
    """End what has no hope: nothing waits or runs for ever."""
    overdue = JobQueue.objects.filter(deadline_at__lt=clock.now())
    ends = {
        Status.QUEUED: Status.CANCELLED,
        Status.RUNNING: Status.FAILED,
        Status.FINISHING: Status.FAILED,
    }
    for job in overdue.filter(status__in=list(ends))[:BATCH]:
        is_fetching = job.status == Status.FINISHING
        try:
            move(
                job,
                ends[Status(job.status)],
                error_code="fetch_deadline" if is_fetching else "deadline",
            )
        except IllegalMove:
            continue


def end_cancelled_in_queue() -> None:
    """A cancellation that came while the job was between the queue and its worker."""
    waiting = JobQueue.objects.filter(status=Status.QUEUED).exclude(cancel_requested_at=None)
    for job in waiting[:BATCH]:
        try:
            move(job, Status.CANCELLED)
        except IllegalMove:
            continue


def due_submissions() -> list[str]:
    """Ids of queued jobs whose bell was lost or whose wait is over."""
    return _ids(Q(status=Status.QUEUED, cancel_requested_at=None))


def due_finishes() -> list[str]:
    """Ids of finished runs that nobody is fetching."""
    free = Q(lease_until=None) | Q(lease_until__lt=clock.now())
    return _ids(free & Q(status=Status.FINISHING))


def _ids(condition: Q) -> list[str]:
    rows = JobQueue.objects.filter(condition, next_poll_at__lte=clock.now())
    return [str(pk) for pk in rows.order_by("next_poll_at").values_list("pk", flat=True)[:BATCH]]


def due_providers() -> list[str]:
    """Keys of configured providers where something running or unclear is due."""
    due = JobQueue.objects.filter(
        status__in=[Status.RUNNING, Status.UNKNOWN], next_poll_at__lte=clock.now()
    )
    keys = set(due.values_list("provider", flat=True).distinct().order_by())
    return [key for key in registry.configured() if key in keys]


def due_looks() -> list[str]:
    """Keys of providers nobody has asked lately what they can do."""
    return [key for key in registry.configured() if watch.is_look_due(key)]
