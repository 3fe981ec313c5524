"""Jobs whose paid call left without an answer: found, proved absent, or left to a person."""

from __future__ import annotations

from datetime import datetime, timedelta

from jobs import clock
from jobs.backoff import LONGEST
from jobs.events import note
from jobs.models import JobQueue
from jobs.moves import IllegalMove, move
from jobs.states import Status
from jobs.submit import save_run
from jobs.surprises import put_off
from providers.base import Provider
from providers.types import Run

# One list could be read before the provider stored the run; three over the whole time cannot.
LISTS_FOR_PROOF = 3


def found(job: JobQueue, run: Run) -> None:
    """The provider has it after all: adopt it."""
    save_run(job, run)
    if job.run_id == run.id:
        note(job, f"Found at the trainer as {run.id}: it had been accepted.", run_id=run.id)
    else:
        put_off(job)


def absent(job: JobQueue, provider: Provider, *, asked_at: datetime, is_complete: bool) -> None:
    """A list asked for at `asked_at` does not hold it. Complete lists, read long enough after
    the call was given up, are the proof that sends it again."""
    given_up_for = asked_at - (job.given_up_at or job.state_changed_at)
    lists_read = job.attempts + 1 if is_complete else job.attempts
    if lists_read >= LISTS_FOR_PROOF and given_up_for >= provider.absence_after:
        try:
            move(job, Status.QUEUED, sent_at=None, error_code="", error_detail="")
        except IllegalMove:
            return
        note(job, "The trainer never received it, so it is sent again. Nothing was paid.")
        return
    wait = min(provider.absence_after / LISTS_FOR_PROOF, timedelta(seconds=LONGEST))
    JobQueue.objects.filter(pk=job.pk, version=job.version).update(
        attempts=lists_read, next_poll_at=clock.now() + wait
    )


def cannot_know(job: JobQueue) -> None:
    """No list at this provider: only the owner can decide. Look again seldom, change nothing."""
    JobQueue.objects.filter(pk=job.pk, version=job.version).update(
        next_poll_at=clock.now() + timedelta(seconds=LONGEST)
    )
