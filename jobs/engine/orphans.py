"""Orphan runs: they carry a token of ours, and no job follows them. They cost money for nobody.

Each is stopped, and the operator is told, so that one click ends with one model.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from django.db.models import Q
from django.utils.translation import gettext_noop

from jobs import clock
from jobs.engine.backoff import CANCEL_AGAIN_AFTER
from jobs.engine.isolation import isolated
from jobs.engine.provider_status import limits_heard
from jobs.events import record_incident
from jobs.models import JobQueue, OrphanRun, PaidCall
from jobs.states import OVER, UNFINISHED, Status
from providers.base import Provider
from providers.errors import ProviderError, RunNotFoundError, UnsupportedFeatureError
from providers.types import Run, RunStatus

log = logging.getLogger(__name__)

CHUNK = 500
STOPS_PER_POLL = 5
# A provider may not know its newest runs yet; one that never answers is left to a person.
NOT_FOUND_FOR = timedelta(hours=1)
UNANSWERED_FOR = timedelta(days=7)
HARMLESS = frozenset({RunStatus.FAILED, RunStatus.CANCELLED})

_STOPPED = gettext_noop("Run %(run_id)s appeared while the job was %(status)s; it was stopped.")
_NOT_STOPPED = gettext_noop(
    "Run %(run_id)s appeared while the job was %(status)s. "
    "It could not be stopped from here: stop it at the trainer."
)
_COMPLETED = gettext_noop(
    "Run %(run_id)s completed while the job was %(status)s: it may have been charged for nothing."
)


# --- those that a list shows ---------------------------------------------------------------


def stop_orphans(provider: Provider, runs: Iterable[Run]) -> None:
    """Cancel runs whose job is over or follows another run, and record one incident each.

    Those that completed meanwhile were paid for too: they are recorded all the same.
    """
    suspects = [run for run in runs if run.correlation and run.status not in HARMLESS]
    for start in range(0, len(suspects), CHUNK):
        _stop_orphans(provider, suspects[start : start + CHUNK])


def _stop_orphans(provider: Provider, runs: list[Run]) -> None:
    followed = _followed(provider, [run.id for run in runs])
    loose: dict[str, list[Run]] = {}
    for run in runs:
        if run.id not in followed:
            loose.setdefault(run.correlation, []).append(run)
    earlier = _earlier_keys(list(loose))
    # By the token alone: indexes, whatever the table has grown to.
    is_theirs = Q(correlation__in=list(loose)) | Q(lookup_key__in=list(loose))
    for job in JobQueue.objects.filter(is_theirs | Q(pk__in=list(earlier))):
        if job.provider == provider.key:
            tokens = {job.token} | earlier.get(job.pk, set())
            with isolated(job):
                _stop_loose(provider, job, [run for one in tokens for run in loose.get(one, [])])


def _earlier_keys(tokens: list[str]) -> dict[uuid.UUID, set[str]]:
    """By which of these a call of which job is known that was not its newest, perhaps."""
    keys: dict[uuid.UUID, set[str]] = {}
    calls = PaidCall.objects.filter(lookup_key__in=tokens).exclude(job=None)
    for job_id, key in calls.values_list("job_id", "lookup_key"):
        keys.setdefault(job_id, set()).add(key)
    return keys


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
        _cancel(provider, job, run.id)


def _stop_others(provider: Provider, job: JobQueue, runs: list[Run]) -> None:
    """Stop what no job follows, and record one incident that names all of it.

    It tells the worst outcome: what a person has to stop, then what was charged for nothing.
    """
    live = [run for run in runs if not run.status.is_over]
    told = set(job.orphan_runs.values_list("run_id", flat=True))
    is_told = all(run.id in told for run in runs)
    if is_told and (not live or _is_cancelled_lately(job)):
        return
    outcomes = [_cancel(provider, job, run.id) for run in live]
    for run in runs:
        # A live one is asked for singly from now on, also where nobody reads the list again.
        again_at = None if run.status.is_over else clock.now() + CANCEL_AGAIN_AFTER
        OrphanRun.objects.get_or_create(job=job, run_id=run.id, defaults={"next_try_at": again_at})
    sentence = _COMPLETED if len(live) < len(runs) else _STOPPED
    if not all(outcomes):
        sentence = _NOT_STOPPED
    ids = ", ".join(sorted(run.id for run in runs))
    record_incident(job, sentence, run_id=ids, status=job.status)


def _is_cancelled_lately(job: JobQueue) -> bool:
    """Whether a cancellation was sent that may still have its effect: not one at every poll."""
    sent_at = job.cancel_sent_at
    # A clock that was set back must not make it lately for hours.
    return sent_at is not None and abs(clock.now() - sent_at) < CANCEL_AGAIN_AFTER


def _cancel(provider: Provider, job: JobQueue, run_id: str) -> bool:
    JobQueue.objects.filter(pk=job.pk).update(cancel_sent_at=clock.now())
    try:
        with limits_heard(provider.key):
            provider.cancel_run(replace(job.run_ref, id=run_id))
    except ProviderError as error:
        log.warning("orphan run %s of job %s could not be stopped: %s", run_id, job.pk, error)
        return False
    return True


# --- those that are known by their id ------------------------------------------------------


def stop_known(provider: Provider) -> None:
    """Ask one by one for the end of the orphan runs that are known, until each is confirmed."""
    now = clock.now()
    due = OrphanRun.objects.filter(job__provider=provider.key, next_try_at__lte=now)
    for orphan in due.order_by("next_try_at").select_related("job")[:STOPS_PER_POLL]:
        with isolated(orphan.job):
            OrphanRun.objects.filter(pk=orphan.pk).update(next_try_at=now + CANCEL_AGAIN_AFTER)
            if _is_settled(provider, orphan):
                OrphanRun.objects.filter(pk=orphan.pk).update(next_try_at=None)


def _is_settled(provider: Provider, orphan: OrphanRun) -> bool:
    """Ask about it, and stop it where it goes on; whether nothing more is to be done."""
    job, age = orphan.job, clock.now() - orphan.found_at
    if _followed(provider, [orphan.run_id]):
        return True  # somebody tried again, and its result is fetched
    ref = replace(job.run_ref, id=orphan.run_id)
    try:
        with limits_heard(provider.key):
            run = provider.get_run(ref)
            if not run.status.is_over:
                provider.cancel_run(ref)
                return False
    except RunNotFoundError:
        return age > NOT_FOUND_FOR
    except ProviderError as error:
        log.warning("run %s of job %s could not be stopped: %s", orphan.run_id, job.pk, error)
        is_hopeless = isinstance(error, UnsupportedFeatureError) or age > UNANSWERED_FOR
        if is_hopeless:
            record_incident(job, _NOT_STOPPED, run_id=orphan.run_id, status=job.status)
        return is_hopeless
    if run.status is RunStatus.SUCCEEDED:
        _tell_completed(orphan)
    return True


def _tell_completed(orphan: OrphanRun) -> None:
    """It was paid for. Where it is the job's own, its result can still be fetched."""
    job = orphan.job
    own = JobQueue.objects.filter(pk=job.pk, run_id=orphan.run_id, status=Status.FAILED)
    own.filter(error_code="deadline").update(error_code="fetch_deadline")
    record_incident(job, _COMPLETED, run_id=orphan.run_id, status=job.status)
