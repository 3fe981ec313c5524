"""What of a failed training can still be brought home without paying again."""

from __future__ import annotations

from jobs.models import JobQueue
from jobs.states import Status

# Ended at the provider or for good: there is nothing to fetch.
NO_RESULT = frozenset({"run_failed", "run_not_found", "deadline"})
# The result is not to blame: fetching it is tried again however often it takes.
OTHERS_TO_BLAME = frozenset(
    {
        "authentication_failed",
        "disk_full",
        "fetch_deadline",
        "lost_sight",
        "not_configured",
        "out_of_credit",
    }
)


def failed_while_fetching(job: JobQueue) -> bool:
    """Whether the run was done and paid for, and only bringing its result home failed."""
    ends = NO_RESULT | {"lost_sight"}
    return job.status == Status.FAILED and bool(job.run_id) and job.error_code not in ends


def can_fetch_again(job: JobQueue) -> bool:
    """Whether trying a failed training again means looking at its run once more.

    Once for a result that arrived bad: the second time it has to be trained anew.
    """
    if job.status != Status.FAILED or not job.run_id or job.error_code in NO_RESULT:
        return False
    return job.error_code in OTHERS_TO_BLAME or "adopt_run" not in job.payload
