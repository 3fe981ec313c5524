"""The beat: every two seconds, everything that is due. Losing a tick or doubling it is harmless."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.exceptions import ImproperlyConfigured
from django.db.models import F, Q, QuerySet

from jobs import clock, watch
from jobs.backoff import retry_delay
from jobs.events import note
from jobs.models import Beat, JobQueue
from jobs.moves import move
from jobs.states import Status
from jobs.submit import SEND_WITHIN
from jobs.surprises import kept_apart
from providers import registry
from providers.base import Provider
from providers.types import WorkKind

BATCH = 200
NAME = "tick"
# A run that nobody could see: its result may wait at the provider until then.
BLIND_FOR = timedelta(days=7)
UNHEARD_FOR = timedelta(hours=1)


def remember() -> None:
    """Leave word that the clock is running, for those who watch it."""
    Beat.objects.update_or_create(name=NAME, defaults={"at": clock.now()})


def recover_leases() -> None:
    """Take up submissions whose worker is gone: unsent ones again, sent ones as unclear."""
    expired = JobQueue.objects.filter(status=Status.SUBMITTING, lease_until__lt=clock.now())
    for job in expired[:BATCH]:
        with kept_apart(job):
            _recover(job)


def _recover(job: JobQueue) -> None:
    if job.sent_at is not None:
        move(job, Status.UNKNOWN, given_up_at=call_is_over(job), error_code="outcome_unknown")
        return
    # A job that kills every worker that touches it must not keep them all busy.
    delay = retry_delay(job.attempts) if job.attempts else timedelta(0)
    move(job, Status.QUEUED, attempts=job.attempts + 1, next_poll_at=clock.now() + delay)
    note(job, "The worker stopped before sending it. It is sent again.")


def call_is_over(job: JobQueue) -> datetime:
    """When a paid call was over at the latest. Its worker may live and only have lost touch
    with the database, so the call counts as under way for as long as it could last."""
    try:
        timeouts = registry.get(job.provider).paid_timeouts
    except ImproperlyConfigured:
        timeouts = Provider.paid_timeouts  # switched off since; its usual times
    longest = timedelta(seconds=SEND_WITHIN + sum(timeouts[WorkKind(job.kind)]))
    return max(clock.now(), (job.sent_at or job.state_changed_at) + longest)


def end_overdue() -> None:
    """End what has no hope: nothing waits or runs for ever.

    A run is ended only where it was seen to go on after its deadline. One that could not be
    seen (the computer slept, the provider was away) may be done: it is looked for first.
    """
    now = clock.now()
    overdue = JobQueue.objects.filter(deadline_at__lt=now)
    running = overdue.filter(status=Status.RUNNING)
    _end(overdue.filter(status=Status.QUEUED), Status.CANCELLED, "deadline")
    _end(running.filter(last_seen_at__gte=F("deadline_at")), Status.FAILED, "deadline")
    _end(running.filter(deadline_at__lt=now - BLIND_FOR), Status.FAILED, "lost_sight")
    _end(overdue.filter(_is_free(), status=Status.FINISHING), Status.FAILED, "fetch_deadline")


def _end(jobs: QuerySet[JobQueue], target: Status, code: str) -> None:
    for job in jobs[:BATCH]:
        with kept_apart(job):
            move(job, target, error_code=code)


def end_cancelled_in_queue() -> None:
    """A cancellation that came while the job was between the queue and its worker."""
    waiting = JobQueue.objects.filter(status=Status.QUEUED).exclude(cancel_requested_at=None)
    for job in waiting[:BATCH]:
        with kept_apart(job):
            move(job, Status.CANCELLED)


def end_unheard_cancels() -> None:
    """A wish to cancel that no provider could be told for long: the owner has the last word."""
    unseen = Q(last_seen_at=None) | Q(last_seen_at__lt=F("cancel_requested_at"))
    limit = clock.now() - UNHEARD_FOR
    rows = JobQueue.objects.filter(unseen, status=Status.RUNNING, cancel_requested_at__lt=limit)
    for job in rows[:BATCH]:
        with kept_apart(job):
            move(job, Status.CANCELLED, error_code="given_up")
            note(job, "The trainer could not be told. If the run turns up again, it is stopped.")


def due_submissions() -> list[str]:
    """Ids of queued jobs whose bell was lost or whose wait is over."""
    may_call = ~Q(provider__in=watch.blocked())
    return _ids(may_call & Q(status=Status.QUEUED, cancel_requested_at=None))


def due_finishes() -> list[str]:
    """Ids of finished runs that nobody is fetching."""
    return _ids(_is_free() & Q(status=Status.FINISHING))


def _is_free() -> Q:
    return Q(lease_until=None) | Q(lease_until__lt=clock.now())


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
