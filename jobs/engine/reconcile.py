"""Bringing jobs and the provider's runs together where an answer was lost.

A job whose paid call got no answer is found, proved absent, or left to a person. A run that
carries our token though no job follows it (an orphan run) costs money for nobody: it is
stopped and the operator is told, so that one click ends with one model.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_noop

from jobs import clock
from jobs.engine.acceptance import accept_run
from jobs.engine.backoff import LONGEST
from jobs.engine.isolation import postpone
from jobs.engine.transitions import TransitionError, move
from jobs.events import note, record_incident
from jobs.models import JobEvent, JobQueue
from jobs.states import OVER, UNFINISHED, Status
from providers import registry
from providers.base import Provider
from providers.errors import OutcomeUnknownError, ProviderError
from providers.types import LISTING, Run, WorkKind

log = logging.getLogger(__name__)

# A process that was frozen after marking its call as sent must not send it late (seconds).
SEND_WITHIN = 10.0
# One list could be read before the provider stored the run; three over the whole time cannot.
LISTS_FOR_PROOF = 3
CHUNK = 500


# --- lost calls --------------------------------------------------------------------------


def call_over_at(job: JobQueue) -> datetime:
    """When a paid call was over at the latest. Its worker may live and only have lost touch
    with the database, so the call counts as under way for as long as it could last."""
    try:
        timeouts = registry.get(job.provider).paid_timeouts
    except ImproperlyConfigured:
        timeouts = Provider.paid_timeouts  # switched off since; its usual times
    longest = timedelta(seconds=SEND_WITHIN + sum(timeouts[WorkKind(job.kind)]))
    return max(clock.now(), (job.sent_at or job.state_changed_at) + longest)


def find_lost_run(job: JobQueue, provider: Provider) -> Run | None:
    """Look a job that was unclear before up once more, just before it is paid again."""
    kind = WorkKind(job.kind)
    if LISTING[kind] not in provider.capabilities:
        return None
    if not job.events.filter(kind=JobEvent.Kind.STATE, text=Status.UNKNOWN).exists():
        return None
    try:
        return provider.find_run(job.correlation, kind)
    except OutcomeUnknownError:
        # An incomplete list proves nothing: the proof or the owner's word that led here stands.
        return None


def found(job: JobQueue, run: Run) -> None:
    """The provider has it after all: adopt it."""
    accept_run(job, run)
    if job.run_id == run.id:
        note(
            job, gettext_noop("Found at the trainer as %(run_id)s: it was accepted."), run_id=run.id
        )
    else:
        postpone(job)


def absent(job: JobQueue, provider: Provider, *, listed_at: datetime, is_complete: bool) -> None:
    """A list requested at `listed_at` does not hold it. Complete lists, read long enough after
    the call was over, are the proof on which it is sent again."""
    over_for = listed_at - (job.call_over_at or job.state_changed_at)
    absences = job.absent_count + (1 if is_complete else 0)
    if absences >= LISTS_FOR_PROOF and over_for >= provider.absence_after:
        try:
            move(job, Status.QUEUED, sent_at=None, error_code="", error_detail="")
        except TransitionError:
            return
        note(
            job,
            gettext_noop("The trainer never received it, so it is sent again. Nothing was paid."),
        )
        return
    wait = min(provider.absence_after / LISTS_FOR_PROOF, timedelta(seconds=LONGEST))
    JobQueue.objects.filter(pk=job.pk, version=job.version).update(
        absent_count=absences, unanswered_count=0, next_poll_at=clock.now() + wait
    )


def cannot_know(job: JobQueue) -> None:
    """This provider has no list: only the owner can decide. Poll seldom, change nothing."""
    JobQueue.objects.filter(pk=job.pk, version=job.version).update(
        next_poll_at=clock.now() + timedelta(seconds=LONGEST)
    )


# --- orphan runs -------------------------------------------------------------------------


def stop_orphans(provider: Provider, runs: Iterable[Run]) -> None:
    """Cancel live runs whose job is over or follows another run, and record one incident each."""
    live = [run for run in runs if run.correlation and not run.status.is_over]
    for start in range(0, len(live), CHUNK):
        _stop_orphans(provider, live[start : start + CHUNK])


def _stop_orphans(provider: Provider, runs: list[Run]) -> None:
    followed = _followed(provider, [run.id for run in runs])
    loose = {run.correlation: run for run in runs if run.id not in followed}
    for job in JobQueue.objects.filter(provider=provider.key, correlation__in=list(loose)):
        run = loose[job.correlation]
        if job.run_id == run.id:
            _stop_own(provider, job, run)
        elif job.run_id or job.status in OVER:
            _stop_second(provider, job, run)


def _followed(provider: Provider, run_ids: list[str]) -> set[str]:
    """Which of these runs a job follows, or will follow as soon as its turn comes."""
    jobs = JobQueue.objects.filter(provider=provider.key)
    following = jobs.filter(run_id__in=run_ids, status=Status.RUNNING)
    adopting = jobs.filter(status__in=sorted(UNFINISHED), payload__adopt_run__in=run_ids)
    return {
        *following.values_list("run_id", flat=True),
        *adopting.values_list("payload__adopt_run", flat=True),
    }


def _stop_own(provider: Provider, job: JobQueue, run: Run) -> None:
    """Stop what a job left behind when its time was up. An old list may still show a live run
    of a job that is done or being collected: nothing to stop there."""
    if job.status in {Status.FAILED, Status.CANCELLED}:
        _cancel(provider, job, run)


def _stop_second(provider: Provider, job: JobQueue, run: Run) -> None:
    message = (
        gettext_noop("Run %(run_id)s appeared while the job was %(status)s; it was stopped.")
        if _cancel(provider, job, run)
        else gettext_noop(
            "Run %(run_id)s appeared while the job was %(status)s. "
            "It could not be stopped from here: stop it at the trainer."
        )
    )
    record_incident(job, message, run_id=run.id, status=job.status)


def _cancel(provider: Provider, job: JobQueue, run: Run) -> bool:
    try:
        provider.cancel_run(run.id)
    except ProviderError as error:
        log.warning("orphan run %s of job %s could not be stopped: %s", run.id, job.pk, error)
        return False
    return True
