"""The only writers of a job's state."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from jobs import clock
from jobs.events import record
from jobs.kinds import work_for
from jobs.models import JobEvent, JobQueue
from jobs.states import FOLLOWED, OVER, Status, sources

# Long enough for a garbage collection or a slow disk, short enough that a dead worker's job
# is taken up again soon. Renewed while the work goes on.
LEASE = timedelta(seconds=30)


class IllegalMove(Exception):
    """The job is not (any more) where this move starts: somebody was first, or a bug."""

    def __init__(self, job: JobQueue, target: str) -> None:
        super().__init__(
            f"{job} is {job.get_status_display().lower()}, so it cannot become {target}."
        )


def move(job: JobQueue, target: Status, **changes: Any) -> None:
    """Bring `job` to `target` with `changes`, its event and its model, or change nothing.

    Compare-and-set on the version the caller has read: a move decided on an older reading
    fails. Raises IllegalMove, with `job` read anew, and what `Work.moved` raises.
    """
    before = vars(job).copy()
    try:
        with transaction.atomic():
            _write(job, target, _values(job, target) | changes)
            record(job, JobEvent.Kind.STATE, target.value, error=job.error_code)
            work_for(job).moved(job)
    except IllegalMove:
        raise
    except Exception:
        vars(job).update(before)  # rolled back: `job` must not say otherwise
        raise


def _write(job: JobQueue, target: Status, values: dict[str, Any]) -> None:
    rows = JobQueue.objects.filter(
        pk=job.pk, version=job.version, status__in=sorted(sources(target))
    )
    is_written = rows.update(**values)
    job.refresh_from_db()
    if not is_written:
        raise IllegalMove(job, target.value)


def _values(job: JobQueue, target: Status) -> dict[str, Any]:
    """What every move to `target` changes."""
    now = clock.now()
    values: dict[str, Any] = {
        "status": target,
        "state_changed_at": now,
        "next_poll_at": now,
        "attempts": 0,
        "claim": None,
        "lease_until": None,
        "version": F("version") + 1,
    }
    if target in OVER:
        values |= {"finished_at": now, "eta_at": None}
    elif target in FOLLOWED or job.status == Status.UNKNOWN:
        # What was waited before is not held against what was paid for.
        values["deadline_at"] = now + work_for(job).time_limit
    return values


def claim_queued(job_id: uuid.UUID) -> JobQueue | None:
    """Claim a queued job for submission; None where it is not due or somebody was first."""
    now = clock.now()
    job = JobQueue.objects.filter(
        pk=job_id,
        status=Status.QUEUED,
        next_poll_at__lte=now,
        cancel_requested_at=None,
    ).first()
    if job is None:
        return None
    try:
        move(
            job,
            Status.SUBMITTING,
            claim=uuid.uuid4(),
            lease_until=now + LEASE,
            attempts=job.attempts,
            sent_at=None,
        )
    except IllegalMove:
        return None
    return job


def mark_sent(job: JobQueue) -> bool:
    """Commit that the paid call is about to leave; False where the claim is no longer ours.

    From here on a crash makes the outcome unknown; before it, the call was surely not made.
    """
    rows = JobQueue.objects.filter(
        pk=job.pk,
        version=job.version,
        status=Status.SUBMITTING,
        claim=job.claim,
        cancel_requested_at=None,
    )
    now = clock.now()
    if not rows.update(sent_at=now, lease_until=now + LEASE, version=F("version") + 1):
        return False
    # Not read back: a newer version in the table would be somebody else's, never ours.
    job.sent_at, job.version = now, job.version + 1
    return True


@transaction.atomic
def claim_finishing(job_id: uuid.UUID) -> JobQueue | None:
    """Claim a finished run's fetching; None where it is not due or somebody works on it."""
    now = clock.now()
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    claimed = JobQueue.objects.filter(
        free, pk=job_id, status=Status.FINISHING, next_poll_at__lte=now
    ).update(claim=uuid.uuid4(), lease_until=now + LEASE, version=F("version") + 1)
    return JobQueue.objects.get(pk=job_id) if claimed else None


def release(job: JobQueue, *, until: datetime, **changes: Any) -> None:
    """Give a finishing claim back; the next try is due at `until`."""
    JobQueue.objects.filter(pk=job.pk, version=job.version).update(
        claim=None, lease_until=None, next_poll_at=until, version=F("version") + 1, **changes
    )


def renew(job: JobQueue) -> bool:
    """Prolong the lease of a claim that is still ours."""
    return bool(
        JobQueue.objects.filter(pk=job.pk, claim=job.claim).update(lease_until=clock.now() + LEASE)
    )
