"""Whether the result of a failed training can still be fetched without paying again."""

from __future__ import annotations

from jobs.models import JobQueue
from jobs.states import Status
from providers.errors import RUN_ERROR_CODES, OutOfCreditError

# Ended at the provider, for whatever reason, or for good: there is nothing to fetch. (Credit can
# run out before a result is fetched, too.)
NO_RESULT = RUN_ERROR_CODES - {OutOfCreditError.code} | {"run_not_found", "deadline"}
# Not caused by the result: fetching it may be tried again as often as needed.
NOT_CAUSED_BY_RESULT = frozenset(
    {
        "account_locked",
        "authentication_failed",
        "disk_full",
        "fetch_deadline",
        "lost_contact",
        "not_configured",
        "out_of_credit",
    }
)
# The same trainer would refuse again, or cannot be asked before somebody has done something.
ANOTHER_TRAINER_HELPS = frozenset(
    {
        "authentication_failed",
        "bad_dataset",
        "moderation",
        "not_configured",
        "out_of_credit",
        "trainer_gone",
        "unsupported",
    }
)


def failed_while_fetching(job: JobQueue) -> bool:
    """Whether the run was done and paid for, and only fetching its result failed."""
    ends = NO_RESULT | {"lost_contact"}
    return job.status == Status.FAILED and bool(job.run_id) and job.error_code not in ends


def run_to_fetch(job: JobQueue) -> str:
    """The id of the run that trying again polls once more instead of paying anew; "" for none.

    Once for a result that arrived bad: the second time it has to be trained anew. A fetch that
    ended before it had its turn, or was cancelled, leaves its run as paid as it was.
    """
    if job.status in {Status.FAILED, Status.CANCELLED} and not job.run_id:
        return str(job.payload.get("adopt_run", ""))
    if job.status != Status.FAILED or job.error_code in NO_RESULT:
        return ""
    is_first = "adopt_run" not in job.payload
    return job.run_id if is_first or job.error_code in NOT_CAUSED_BY_RESULT else ""


def another_trainer_helps(job: JobQueue) -> bool:
    """Whether a failed training should rather be tried at another trainer, with the same photos."""
    is_undone = job.status == Status.FAILED and not failed_while_fetching(job)
    return is_undone and job.error_code in ANOTHER_TRAINER_HELPS
