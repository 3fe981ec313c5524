"""Bringing jobs and the provider's runs together where an answer was lost.

A job whose paid call got no answer is found, proved absent, or left to a person. A run that
carries our token though no job follows it (an orphan run) costs money for nobody: it is
stopped and the operator is told, so that one click ends with one model.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from django.core.exceptions import ImproperlyConfigured
from django.db.models import Q, Value
from django.db.models.functions import Coalesce, NullIf
from django.utils.translation import gettext_noop

from jobs import clock
from jobs.engine.acceptance import accept_run
from jobs.engine.backoff import CANCEL_AGAIN_AFTER, LONGEST
from jobs.engine.isolation import isolated, postpone
from jobs.engine.provider_status import limits_heard
from jobs.engine.transitions import TransitionError, move
from jobs.events import note, record_incident
from jobs.models import JobQueue
from jobs.states import FOLLOWED, OVER, UNFINISHED, Status
from providers import registry
from providers.base import Provider
from providers.errors import (
    OutcomeUnknownError,
    ProviderError,
    RunNotFoundError,
    UnsupportedFeatureError,
)
from providers.types import EVER, FINDING, TOKEN_PREFIX, Run, RunList, RunStatus, WorkKind

log = logging.getLogger(__name__)

# A process that was frozen after marking its call as sent must not send it late (seconds).
SEND_WITHIN = 10.0
# One list could be read before the provider stored the run; three over the whole time cannot.
LISTS_FOR_PROOF = 3
WITNESSES = 20  # of those that succeeded
# A claim younger than this is surely the first; an older one may be of a database that went
# back in time (a power cut, a restored backup), so its run is looked for before it is paid.
FRESH = timedelta(seconds=10)
# By how much our clock and a provider's may differ.
CLOCKS_DIFFER = timedelta(minutes=15)
CHUNK = 500
STOPS_PER_POLL = 5

_STOPPED = gettext_noop("Run %(run_id)s appeared while the job was %(status)s; it was stopped.")
_NOT_STOPPED = gettext_noop(
    "Run %(run_id)s appeared while the job was %(status)s. "
    "It could not be stopped from here: stop it at the trainer."
)
_COMPLETED = gettext_noop(
    "Run %(run_id)s completed while the job was %(status)s: it may have been charged for nothing."
)


# Our token as a list shows it.
_TOKEN = Coalesce(NullIf("lookup_key", Value("")), "correlation")

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


def sent_after(job: JobQueue) -> datetime:
    """A moment before which its run cannot have been created, by the provider's clock either."""
    return job.created_at - CLOCKS_DIFFER


def find_lost_run(job: JobQueue, provider: Provider) -> Run | None:
    """Look for the run of every job that is not seconds old, just before it is paid."""
    kind = WorkKind(job.kind)
    is_fresh = job.call_over_at is None and clock.now() - job.created_at < FRESH
    if is_fresh or FINDING[kind] not in provider.capabilities:
        return None
    try:
        return provider.find_run(job.token, kind, since=sent_after(job))
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


def is_of_another(job: JobQueue, run: Run) -> bool:
    """Whether a run with the id that we follow carries a whole other token: it is not ours.

    A token that came back shortened says nothing, and a run that the job was told to adopt
    belongs to it whatever it carries.
    """
    token = run.correlation
    is_token = token.startswith(TOKEN_PREFIX) and len(token) == len(job.correlation)
    is_foreign = is_token and token != job.correlation
    return is_foreign and job.payload.get("adopt_run") != run.id


def is_witnessed(provider: Provider, kind: WorkKind, listed: RunList) -> bool:
    """Whether a list can prove an absence: it is complete, and right about what we know.

    As far back as it reaches, every run that we follow and the newest ones that succeeded must be
    in it, each with its token, and at least one of them at all. Only runs count that were paid by
    the account that has read the list, and whose models are still here.
    """
    if listed.complete_since is None:
        return False
    tokens = {run.id: run.correlation for run in listed.runs}
    known = JobQueue.objects.filter(provider=provider.key, kind=kind, account=provider.account)
    known = known.exclude(model=None).exclude(payload__has_key="adopt_run")
    if listed.complete_since > EVER:
        known = known.filter(submitted_at__gt=listed.complete_since + CLOCKS_DIFFER)
    rows = known.annotate(token_there=_TOKEN).values_list("run_id", "token_there")
    succeeded = rows.filter(status=Status.SUCCEEDED).order_by("-state_changed_at")[:WITNESSES]
    witnesses = [*rows.filter(status__in=sorted(FOLLOWED)), *succeeded]
    return bool(witnesses) and all(tokens.get(run_id) == token for run_id, token in witnesses)


def absent(job: JobQueue, provider: Provider, *, listed_at: datetime, is_witnessed: bool) -> None:
    """A list requested at `listed_at` does not hold it. Witnessed lists, read long enough after
    the call was over and by the account that took it, are the proof on which it is sent again."""
    over_for = listed_at - (job.call_over_at or job.state_changed_at)
    is_proof = is_witnessed and job.account == provider.account
    # In a row: a list that contradicts itself in between has proved nothing.
    absences = job.absent_count + 1 if is_proof else 0
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
    """Cancel runs whose job is over or follows another run, and record one incident each.

    Those that completed meanwhile were paid for too: they are recorded all the same.
    """
    harmless = {RunStatus.FAILED, RunStatus.CANCELLED}
    suspects = [run for run in runs if run.correlation and run.status not in harmless]
    for start in range(0, len(suspects), CHUNK):
        _stop_orphans(provider, suspects[start : start + CHUNK])


def _stop_orphans(provider: Provider, runs: list[Run]) -> None:
    followed = _followed(provider, [run.id for run in runs])
    loose: dict[str, list[Run]] = {}
    for run in runs:
        if run.id not in followed:
            loose.setdefault(run.correlation, []).append(run)
    # By the token alone: two indexes, whatever the table has grown to.
    is_theirs = Q(correlation__in=list(loose)) | Q(lookup_key__in=list(loose))
    for job in JobQueue.objects.filter(is_theirs):
        if job.provider != provider.key:
            continue
        with isolated(job):
            _stop_loose(provider, job, loose.get(job.token, []))


def _stop_loose(provider: Provider, job: JobQueue, runs: list[Run]) -> None:
    for run in runs:
        if run.id == job.run_id:
            _stop_own(provider, job, run)
    others = [run for run in runs if run.id != job.run_id]
    if others and (job.run_id or job.status in OVER):
        _stop_others(provider, job, others)


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
    is_ended = job.status in {Status.FAILED, Status.CANCELLED}
    if is_ended and not run.status.is_over and not _is_cancelled_lately(job):
        _cancel(provider, job, run)


def _stop_others(provider: Provider, job: JobQueue, runs: list[Run]) -> None:
    """Stop what no job follows, and record one incident that names all of it.

    It tells the worst outcome: what a person has to stop, then what was charged for nothing.
    """
    live = [run for run in runs if not run.status.is_over]
    is_known = all(run.id in job.incident for run in runs)
    if is_known and (not live or _is_cancelled_lately(job)):
        return
    outcomes = [_cancel(provider, job, run) for run in live]
    sentence = _COMPLETED if len(live) < len(runs) else _STOPPED
    if not all(outcomes):
        sentence = _NOT_STOPPED
    ids = ", ".join(sorted(run.id for run in runs))
    record_incident(job, sentence, run_id=ids, status=job.status)


def _is_cancelled_lately(job: JobQueue) -> bool:
    """Whether a cancellation was sent that may still have its effect: not one at every poll."""
    sent_at = job.cancel_sent_at
    return sent_at is not None and clock.now() - sent_at < CANCEL_AGAIN_AFTER


def _cancel(provider: Provider, job: JobQueue, run: Run) -> bool:
    JobQueue.objects.filter(pk=job.pk).update(cancel_sent_at=clock.now())
    try:
        with limits_heard(provider.key):
            provider.cancel_run(replace(job.run_ref, id=run.id))
    except ProviderError as error:
        log.warning("orphan run %s of job %s could not be stopped: %s", run.id, job.pk, error)
        return False
    return True


# --- runs of jobs that ended here --------------------------------------------------------


def stop_abandoned(provider: Provider) -> None:
    """Ask one by one for the end of runs whose jobs ended here, until each is confirmed."""
    due = JobQueue.objects.filter(
        provider=provider.key, is_stop_pending=True, next_poll_at__lte=clock.now()
    )
    for job in due.order_by("next_poll_at")[:STOPS_PER_POLL]:
        with isolated(job):
            postpone(job)
            _stop_one(provider, job)


def _stop_one(provider: Provider, job: JobQueue) -> None:
    try:
        with limits_heard(provider.key):
            run = provider.get_run(job.run_ref)
            if not run.status.is_over:
                provider.cancel_run(job.run_ref)
                return
    except (RunNotFoundError, UnsupportedFeatureError):
        run = None
    except ProviderError as error:
        log.warning("run %s of job %s could not be stopped: %s", job.run_id, job.pk, error)
        return
    JobQueue.objects.filter(pk=job.pk).update(is_stop_pending=False)
    if run and run.status is RunStatus.SUCCEEDED:
        record_incident(job, _COMPLETED, run_id=job.run_id, status=job.status)
