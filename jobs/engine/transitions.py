"""The only writers of a job's state and of its claims."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext_noop

from jobs import clock, ledger
from jobs.events import record
from jobs.models import JobEvent, JobQueue, ProviderStatus
from jobs.paid_calls import Outcome
from jobs.states import FOLLOWED, OVER, Status, sources
from jobs.work import work_for
from providers.types import Run

# Long enough for a garbage collection or a slow disk, short enough that a dead worker's job
# is taken over soon. Renewed while the work continues.
LEASE = timedelta(seconds=30)
# Calls of one kind (submitting, collecting) under way at a provider: one that never answers
# cannot occupy every worker.
CALLS_PER_PROVIDER = 4


class TransitionError(Exception):
    """The job is not (or no longer) in a state from which this transition starts."""

    def __init__(self, job: JobQueue, target: str) -> None:
        super().__init__(
            f"{job} is {job.get_status_display().lower()}, so it cannot become {target}."
        )


def move(
    job: JobQueue,
    target: Status,
    *,
    is_repeat: bool = False,
    run: Run | None = None,
    outcome: Outcome | None = None,
    **changes: Any,
) -> None:
    """Bring `job` to `target` with `changes`, its event, its model and its rows of the ledger, or
    change nothing. `run` and `outcome` are what is known about its paid call (`ledger.follow`).

    A repeat is written without an event: a provider that is away for a day must not fill the
    timeline with a thousand tries.

    Compare-and-set on the version the caller has read: a decision on an older reading fails.
    Raises TransitionError, with `job` read anew, and what `Work.on_transition` raises.
    """
    before = vars(job).copy()
    try:
        with transaction.atomic():
            _write(job, target, _values(job, target) | changes)
            if not is_repeat:
                record(job, JobEvent.Kind.STATE, target.value, error=job.error_code)
            ledger.follow(job, before["status"], run, outcome)
            work_for(job).on_transition(job)
    except TransitionError:
        raise
    except Exception:
        vars(job).update(before)  # rolled back: `job` must not claim otherwise
        raise


def _write(job: JobQueue, target: Status, values: dict[str, Any]) -> None:
    rows = JobQueue.objects.filter(
        pk=job.pk, version=job.version, status__in=sorted(sources(target))
    )
    is_written = rows.update(**values)
    job.refresh_from_db()
    if not is_written:
        raise TransitionError(job, target.value)


def _values(job: JobQueue, target: Status) -> dict[str, Any]:
    """What every transition to `target` changes."""
    now = clock.now()
    values: dict[str, Any] = {
        "status": target,
        "state_changed_at": now,
        "next_poll_at": now,
        "attempts": 0,
        "unanswered_count": 0,
        "absent_count": 0,
        "claim": None,
        "lease_until": None,
        "version": F("version") + 1,
    }
    if target in OVER:
        values |= {"finished_at": now, "eta_at": None}
    elif target in FOLLOWED or job.status == Status.UNKNOWN:
        # Time spent waiting before does not shorten the time of what was paid for.
        values["deadline_at"] = now + work_for(job).time_limit
    return values


@transaction.atomic
def claim_queued(job_id: uuid.UUID) -> JobQueue | None:
    """Claim a queued job for submission; None where it is not due or another was first, where
    its provider is paused, or has enough calls under way."""
    now = clock.now()
    job = JobQueue.objects.filter(
        is_call_over(),
        pk=job_id,
        status=Status.QUEUED,
        next_poll_at__lte=now,
        cancel_requested_at=None,
    ).first()
    if job is None or not _has_room(job.provider, Status.SUBMITTING):
        return None
    try:
        move(
            job,
            Status.SUBMITTING,
            is_repeat=_is_repeat(job),
            claim=uuid.uuid4(),
            lease_until=now + LEASE,
            attempts=job.attempts,
            unanswered_count=job.unanswered_count,
            sent_at=None,
        )
    except TransitionError:
        return None
    return job


def _is_repeat(job: JobQueue) -> bool:
    """Whether the same step was tried before and came to nothing: that is no news."""
    return bool(job.error_code or job.attempts)


def mark_sent(job: JobQueue, account: str, lookup_key: str = "") -> bool:
    """Commit that the paid call is about to be sent; False where the claim is no longer ours.

    From here on a crash makes the outcome unknown; before it, the call was surely not made.
    Its row in the ledger is committed with the mark. `account` is the fingerprint of the provider
    account that takes the call, `lookup_key` what its lists will show instead of our token.
    """
    rows = JobQueue.objects.filter(
        pk=job.pk,
        version=job.version,
        status=Status.SUBMITTING,
        claim=job.claim,
        cancel_requested_at=None,
    )
    now = clock.now()
    changes = {"sent_at": now, "account": account, "lease_until": now + LEASE}
    changes["lookup_key"] = lookup_key
    with transaction.atomic():
        if not rows.update(**changes, version=F("version") + 1):
            return False
        job.lookup_key = lookup_key
        ledger.enter(job, account, now)
        counted = ProviderStatus.objects.filter(provider=job.provider)
        counted.update(paid_calls=F("paid_calls") + 1)
        if not _is_repeat(job):
            record(job, JobEvent.Kind.PROGRESS, gettext_noop("Sending"))
    # Not read back: a newer version in the table would be somebody else's, never ours.
    job.sent_at, job.account, job.version = now, account, job.version + 1
    return True


def is_call_over() -> Q:
    """The condition that a lost call is over: only then a second one may leave, whatever made
    the job due."""
    return Q(call_over_at=None) | Q(call_over_at__lte=clock.now())


def is_free() -> Q:
    """The condition on jobs that nobody holds a lease on."""
    return Q(lease_until=None) | Q(lease_until__lt=clock.now())


def _has_room(provider: str, status: Status) -> bool:
    """Whether `provider` may be called once more: it is not paused, and few calls are under way.

    Its status row is locked until the claim is committed, so that two workers do not both take
    the last place.
    """
    now = clock.now()
    ProviderStatus.objects.get_or_create(provider=provider)
    row = ProviderStatus.objects.select_for_update().get(provider=provider)
    if row.paused_until and row.paused_until > now:
        return False
    return free_places(provider, status) > 0


def free_places(provider: str, status: Status) -> int:
    """How many more calls of this sort may be under way at `provider`."""
    held = JobQueue.objects.filter(provider=provider, status=status, lease_until__gt=clock.now())
    return max(CALLS_PER_PROVIDER - held.count(), 0)


@transaction.atomic
def claim_finishing(job_id: uuid.UUID) -> JobQueue | None:
    """Claim the collection of a finished run; None where it is not due or already claimed, or
    where enough others are collected from its provider."""
    now = clock.now()
    provider = JobQueue.objects.filter(pk=job_id).values_list("provider", flat=True).first()
    if provider is None or not _has_room(provider, Status.FINISHING):
        return None
    claimed = JobQueue.objects.filter(
        is_free(), pk=job_id, status=Status.FINISHING, next_poll_at__lte=now
    ).update(claim=uuid.uuid4(), lease_until=now + LEASE, version=F("version") + 1)
    return JobQueue.objects.get(pk=job_id) if claimed else None


def release(job: JobQueue, *, until: datetime, **changes: Any) -> None:
    """Return a claim of a finishing job; the next try is due at `until`."""
    JobQueue.objects.filter(pk=job.pk, version=job.version).update(
        claim=None, lease_until=None, next_poll_at=until, version=F("version") + 1, **changes
    )


def renew(job: JobQueue) -> bool:
    """Prolong the lease of a claim that is still ours; False where it is not."""
    return bool(
        JobQueue.objects.filter(pk=job.pk, claim=job.claim).update(lease_until=clock.now() + LEASE)
    )
