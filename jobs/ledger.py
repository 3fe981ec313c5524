"""The only writer of the ledger (`jobs.paid_calls`), always within the transaction of a transition.

A row comes with the mark that a paid call leaves; from there it follows its job's states. What
has no row costs nothing, so where a call may have left that the database does not know of (it came
back older than it was), the row is written as soon as that is seen. Calls to the installation's
own trainer have rows of 0: whether every call has its row is then proved by all tests there are.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from django.utils import timezone

from accounts.money import usd
from jobs import clock
from jobs.models import JobQueue, PaidCall
from jobs.paid_calls import BILLED_LENGTH, Outcome
from jobs.states import OVER, Status
from providers.redaction import sanitised
from providers.types import Run

log = logging.getLogger(__name__)

# What the end of a submission says about the call that was marked as sent in it.
_OF_SUBMISSION: Mapping[Status, Outcome] = {
    Status.QUEUED: Outcome.NOT_SENT,
    Status.FAILED: Outcome.REFUSED,
}
# What a state says about the newest call of its job, whatever was thought of it before.
_OF_STATE: Mapping[Status, Outcome] = {
    Status.RUNNING: Outcome.ACCEPTED,
    Status.UNKNOWN: Outcome.UNCLEAR,
}


def enter(job: JobQueue, account: str, at: datetime, outcome: Outcome = Outcome.SENT) -> None:
    """Write the row of a paid call that is about to leave."""
    PaidCall.objects.create(
        job=job,
        owner_id=job.owner_id,
        provider=job.provider,
        kind=job.kind,
        base_model=str(job.payload.get("base_model", ""))[:100],
        account=account,
        lookup_key=job.lookup_key,
        sent_at=at,
        day=timezone.localdate(at, timezone.get_default_timezone()),
        estimate_usd=job.budget_usd,
        outcome=outcome,
    )


def follow(job: JobQueue, source: str, run: Run | None, outcome: Outcome | None) -> None:
    """Bring the job's rows in line with its new state, to which it came from `source`.

    `run` is what the provider says about its end, `outcome` what is known about the newest call
    beyond the states.
    """
    target = Status(job.status)
    if source == Status.SUBMITTING and target in _OF_SUBMISSION:
        sent = PaidCall.objects.filter(job=job, outcome=Outcome.SENT)
        sent.update(outcome=_OF_SUBMISSION[target])
    if (known := outcome or _OF_STATE.get(target)) and not _is_adopting(job):
        _set_newest(job, known)
    if run is not None:
        settle(job, run)


def _set_newest(job: JobQueue, outcome: Outcome) -> None:
    newest = PaidCall.objects.filter(job=job).order_by("-pk")
    if not PaidCall.objects.filter(pk__in=newest.values("pk")[:1]).update(outcome=outcome):
        enter(job, job.account, clock.now(), outcome)


def settle(job: JobQueue, run: Run) -> None:
    """Write what a run really cost, where the provider says so and it was not written before."""
    cost = cost_of(run)
    if cost is None or (row := _row_of(job, run.id)) is None or row.settled_at:
        return
    row.actual_usd, row.settled_at = cost, clock.now()
    row.billed = sanitised(run.billed, BILLED_LENGTH)
    row.outcome = Outcome.ACCEPTED if cost else Outcome.NOTHING_CHARGED
    row.save(update_fields=["actual_usd", "settled_at", "billed", "outcome"])
    JobQueue.objects.filter(paid_calls=row).update(cost_usd=cost)
    if row.job_id == job.pk:
        job.cost_usd = cost


def cost_of(run: Run) -> Decimal | None:
    """Return what the provider says a run has cost; None where it does not, or says nonsense."""
    cost = usd(run.cost_usd)
    if cost is None and run.cost_usd is not None:
        log.warning("run %s: no amount of money: %r", run.id, run.cost_usd)
    return cost


def _row_of(job: JobQueue, run_id: str) -> PaidCall | None:
    """The row of the call that was paid for a run: of this job, or of the one that it takes the
    run over from, as trying again pays nothing."""
    rows = PaidCall.objects.order_by("-pk")
    if not _is_adopting(job):
        return rows.filter(job=job).first()
    before = JobQueue.objects.filter(model=job.model_id, run_id=run_id).exclude(pk=job.pk)
    return rows.filter(job__in=before.filter(status__in=sorted(OVER))).first()


def _is_adopting(job: JobQueue) -> bool:
    return "adopt_run" in job.payload
