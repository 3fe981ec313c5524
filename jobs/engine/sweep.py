"""The sweep: every two seconds, everything that is due. One lost or doubled is harmless."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils.translation import gettext_noop

from jobs import clock
from jobs.engine import provider_status
from jobs.engine.acceptance import adopt_kept_answers, remember_orphan
from jobs.engine.backoff import retry_delay
from jobs.engine.isolation import isolated
from jobs.engine.reconcile import call_over_at
from jobs.engine.transitions import is_free, move
from jobs.events import note
from jobs.models import Heartbeat, JobQueue, OrphanRun
from jobs.states import Status
from providers import registry

log = logging.getLogger(__name__)

BATCH = 200
HEARTBEAT = "sweep"
# A run that could not be observed: its result may wait at the provider until then.
UNOBSERVED_FOR = timedelta(days=7)
CANCEL_UNHEARD_FOR = timedelta(hours=1)
CANCELLED_UNREACHED = gettext_noop(
    "The trainer could not be reached. If the run appears again, it is stopped."
)


def settle() -> None:
    """Record the heartbeat and settle jobs whose lease, deadline or cancellation is due."""
    for stage in (
        adopt_kept_answers,
        recover_leases,
        end_overdue,
        end_cancelled_in_queue,
        end_unheard_cancellations,
    ):
        _run_isolated(stage)
    # Last: a sweep that does not come to its end is none.
    Heartbeat.objects.update_or_create(name=HEARTBEAT, defaults={"at": clock.now()})


def _run_isolated(stage: Callable[[], None]) -> None:
    """Run one stage; its failure is logged and costs the others nothing."""
    try:
        stage()
    except Exception:
        log.exception("the sweep's stage %s failed", stage.__name__)


def recover_leases() -> None:
    """Recover submissions whose worker is gone: unsent ones again, sent ones as unclear."""
    expired = JobQueue.objects.filter(status=Status.SUBMITTING, lease_until__lt=clock.now())
    for job in expired[:BATCH]:
        with isolated(job):
            _recover(job)


def _recover(job: JobQueue) -> None:
    if job.sent_at is not None:
        over_at = call_over_at(job)
        move(job, Status.UNKNOWN, call_over_at=over_at, error_code="outcome_unknown")
        return
    # A job that kills every worker that touches it must not keep them all busy.
    delay = retry_delay(job.attempts) if job.attempts else timedelta(0)
    is_repeat, due_at = job.attempts > 0, clock.now() + delay
    move(job, Status.QUEUED, is_repeat=is_repeat, attempts=job.attempts + 1, next_poll_at=due_at)
    if not is_repeat:
        note(job, gettext_noop("The worker stopped before sending it. It is sent again."))


def end_overdue() -> None:
    """End what has no hope: nothing waits or runs forever.

    A run is ended only where it was observed after its deadline. One that could not be
    observed (the computer slept, the provider was away) may be done: it is polled first.
    """
    now = clock.now()
    overdue = JobQueue.objects.filter(deadline_at__lt=now)
    running = overdue.filter(status=Status.RUNNING)
    _end(overdue.filter(status=Status.QUEUED), Status.CANCELLED, "deadline")
    _end(running.filter(last_seen_at__gte=F("deadline_at")), Status.FAILED, "deadline")
    _end(running.filter(deadline_at__lt=now - UNOBSERVED_FOR), Status.FAILED, "lost_contact")
    _end(overdue.filter(is_free(), status=Status.FINISHING), Status.FAILED, "fetch_deadline")


def _end(jobs: QuerySet[JobQueue], target: Status, code: str) -> None:
    for job in jobs[:BATCH]:
        with isolated(job), transaction.atomic():
            if job.status == Status.RUNNING:  # its run may go on at the provider
                remember_orphan(job, job.run_id)
            move(job, target, error_code=code)


def end_cancelled_in_queue() -> None:
    """End jobs whose cancellation came between the queue and a worker."""
    waiting = JobQueue.objects.filter(status=Status.QUEUED).exclude(cancel_requested_at=None)
    for job in waiting[:BATCH]:
        with isolated(job):
            move(job, Status.CANCELLED)


def end_unheard_cancellations() -> None:
    """End cancellations that could not be passed on for long: the owner decides."""
    unseen = Q(last_seen_at=None) | Q(last_seen_at__lt=F("cancel_requested_at"))
    limit = clock.now() - CANCEL_UNHEARD_FOR
    rows = JobQueue.objects.filter(unseen, status=Status.RUNNING, cancel_requested_at__lt=limit)
    for job in rows[:BATCH]:
        with isolated(job), transaction.atomic():
            remember_orphan(job, job.run_id)
            move(job, Status.CANCELLED, error_code="abandoned")
            note(job, CANCELLED_UNREACHED)


def due_submissions() -> list[str]:
    """Ids of queued jobs that were not dispatched or whose wait is over."""
    return _ids(_may_call() & Q(status=Status.QUEUED, cancel_requested_at=None))


def due_collections() -> list[str]:
    """Ids of finished runs that nobody is collecting."""
    return _ids(_may_call() & is_free() & Q(status=Status.FINISHING))


def _may_call() -> Q:
    return ~Q(provider__in=provider_status.paused())


def _ids(condition: Q) -> list[str]:
    """Ids of due jobs, taken in turns from every provider and owner: one owner's thousand jobs
    do not hide another's one."""
    turn = Window(
        RowNumber(), partition_by=["provider", "owner_id"], order_by=[F("next_poll_at"), F("pk")]
    )
    rows = JobQueue.objects.filter(condition, next_poll_at__lte=clock.now()).annotate(turn=turn)
    return [
        str(pk) for pk in rows.order_by("turn", "next_poll_at").values_list("pk", flat=True)[:BATCH]
    ]


def due_providers() -> list[str]:
    """Keys of configured providers where something running or unclear is due."""
    due = JobQueue.objects.filter(next_poll_at__lte=clock.now()).order_by()
    watched = due.filter(status__in=[Status.RUNNING, Status.UNKNOWN])
    keys = set(watched.values_list("provider", flat=True).distinct())
    orphans = OrphanRun.objects.filter(next_try_at__lte=clock.now())
    keys |= set(orphans.values_list("job__provider", flat=True).distinct())
    return [key for key in registry.configured() if key in keys]


def due_descriptions() -> list[str]:
    """Keys of providers that were not asked lately what they can do."""
    return [key for key in registry.configured() if provider_status.is_description_due(key)]
