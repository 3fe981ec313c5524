"""The sweep: every two seconds, everything that is due. One lost or doubled is harmless."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_noop

from jobs import clock
from jobs.engine.acceptance import adopt_kept_answers, remember_orphan
from jobs.engine.backoff import retry_delay
from jobs.engine.isolation import isolated
from jobs.engine.reconcile import call_over_at
from jobs.engine.transitions import is_free, move
from jobs.events import note
from jobs.models import (
    Heartbeat,
    JobQueue,
    OrphanRun,
    ProviderStatus,
    RemoteDeletion,
    WebhookReceipt,
)
from jobs.states import UNFINISHED, Status
from jobs.work import work_for
from models_app.models import ArchiveFetch, CaptionRun, FileDeletion

log = logging.getLogger(__name__)

BATCH = 200
# No wait, pause or lease is half as long: an hour is the most that a provider may ask for.
FURTHEST = timedelta(hours=2)
Stages = Mapping[str, Callable[[], None]]
HEARTBEAT = "sweep"
# A run that could not be observed: its result may wait at the provider until then.
UNOBSERVED_FOR = timedelta(days=7)
CANCEL_UNHEARD_FOR = timedelta(hours=1)
CANCELLED_UNREACHED = gettext_noop(
    "The trainer could not be reached. If the run appears again, it is stopped."
)


def settle() -> None:
    """Settle jobs whose lease, deadline or cancellation is due, and record the heartbeat."""
    run(settling())


def settling() -> Stages:
    """The stages that bring rows in order, by name."""
    return {
        "bring_times_back": bring_times_back,
        "adopt_kept_answers": adopt_kept_answers,
        "recover_leases": recover_leases,
        "end_overdue": end_overdue,
        "end_cancelled_in_queue": end_cancelled_in_queue,
        "end_unheard_cancellations": end_unheard_cancellations,
    }


def run(stages: Stages) -> None:
    """Run each stage; one that fails is logged, costs the others nothing, and has no heartbeat."""
    done = {HEARTBEAT}
    for name, stage in stages.items():
        try:
            stage()
            done.add(heartbeat_of(name))
        except Exception:
            log.exception("the sweep's stage %s failed", name)
    # Last: a sweep that does not come to its end is none.
    _beat({HEARTBEAT, *map(heartbeat_of, stages)}, done)


def heartbeat_of(stage: str) -> str:
    """The name of a stage's own heartbeat."""
    return f"{HEARTBEAT}:{stage}"


def _beat(names: set[str], done: set[str]) -> None:
    """Record what ran through. What never did has its first try as its heartbeat, so that this
    is seen too."""
    now = clock.now()
    Heartbeat.objects.bulk_create(
        [Heartbeat(name=name, at=now) for name in sorted(names)], ignore_conflicts=True
    )
    Heartbeat.objects.filter(name__in=done).update(at=now)


def bring_times_back() -> None:
    """Let everything be due that was put off under a clock that has been set back since.

    Nobody knows by how much, and to wait would stop everything for that long. When a lost call is
    over (`call_over_at`) stays as it is: to wait for that too long costs time, not money.
    """
    now = clock.now()
    far = now + FURTHEST
    unfinished = JobQueue.objects.filter(status__in=sorted(UNFINISHED))
    unfinished.filter(next_poll_at__gt=far).update(next_poll_at=now)
    OrphanRun.objects.filter(next_try_at__gt=far).update(next_try_at=now)
    WebhookReceipt.objects.filter(handled_at=None, next_try_at__gt=far).update(next_try_at=now)
    RemoteDeletion.objects.filter(next_try_at__gt=far).update(next_try_at=now, lease_until=None)
    FileDeletion.objects.filter(next_try_at__gt=far).update(next_try_at=now)
    CaptionRun.objects.filter(next_at__gt=far).update(next_at=now)
    ArchiveFetch.objects.filter(next_try_at__gt=far).update(next_try_at=now)
    unfinished.filter(lease_until__gt=far).update(lease_until=now)
    ProviderStatus.objects.filter(lease_until__gt=far).update(lease_until=now)
    ProviderStatus.objects.filter(paused_until__gt=far).update(paused_until=now)


def recover_leases() -> None:
    """Recover submissions whose worker is gone: unsent ones again, sent ones as unclear."""
    expired = JobQueue.objects.filter(status=Status.SUBMITTING, lease_until__lt=clock.now())
    for job in _batch(expired):
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
    observed (the computer slept, the provider was away) may be done: it is polled first. A result
    is given up only where the next try to fetch it lies behind the deadline, so that there was
    one, and never where it lies in our own storage already.
    """
    now = clock.now()
    forgotten = now - UNOBSERVED_FOR
    overdue = JobQueue.objects.filter(deadline_at__lt=now)
    running = overdue.filter(status=Status.RUNNING)
    observed = running.filter(last_seen_at__gte=F("deadline_at"))
    _end(_batch(overdue.filter(status=Status.QUEUED)), Status.CANCELLED, "deadline")
    _end(_batch(observed), Status.FAILED, "deadline")
    _end(_batch(running.filter(deadline_at__lt=forgotten)), Status.FAILED, "lost_contact")
    finishing = overdue.filter(is_free(), status=Status.FINISHING)
    _end_fetching(_batch(finishing.filter(next_poll_at__gt=F("deadline_at"))))
    _end(_batch(finishing.filter(deadline_at__lt=forgotten)), Status.FAILED, "fetch_deadline")


def _batch(jobs: QuerySet[JobQueue]) -> Iterable[JobQueue]:
    """As many as one sweep takes. What trips is put off (`isolation.postpone`) and so comes last:
    it never hides others, and a row is at most as late here as it would be polled."""
    return jobs.order_by("next_poll_at")[:BATCH]


def _end(jobs: Iterable[JobQueue], target: Status, code: str) -> None:
    for job in jobs:
        with isolated(job), transaction.atomic():
            if job.status == Status.RUNNING:  # its run may go on at the provider
                remember_orphan(job, job.run_id)
            move(job, target, error_code=code)


def _end_fetching(jobs: Iterable[JobQueue]) -> None:
    for job in jobs:
        with isolated(job):
            if not work_for(job).is_stored(job):
                move(job, Status.FAILED, error_code="fetch_deadline")


def end_cancelled_in_queue() -> None:
    """End jobs whose cancellation came between the queue and a worker."""
    waiting = JobQueue.objects.filter(status=Status.QUEUED).exclude(cancel_requested_at=None)
    for job in _batch(waiting):
        with isolated(job):
            move(job, Status.CANCELLED)


def end_unheard_cancellations() -> None:
    """End cancellations that could not be passed on for long: the owner decides."""
    unseen = Q(last_seen_at=None) | Q(last_seen_at__lt=F("cancel_requested_at"))
    limit = clock.now() - CANCEL_UNHEARD_FOR
    rows = JobQueue.objects.filter(unseen, status=Status.RUNNING, cancel_requested_at__lt=limit)
    for job in _batch(rows):
        with isolated(job), transaction.atomic():
            remember_orphan(job, job.run_id)
            move(job, Status.CANCELLED, error_code="abandoned")
            note(job, CANCELLED_UNREACHED)
