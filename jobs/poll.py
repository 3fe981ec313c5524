"""One look at one provider: everything of ours that is due there, in as few calls as it allows."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from django.db.models import F

from jobs import clock, logs, lookup, strays, watch
from jobs.backoff import retry_delay
from jobs.follow import observe_all
from jobs.models import JobQueue
from jobs.moves import move
from jobs.states import Status
from jobs.submit import words_of
from jobs.surprises import kept_apart
from providers import registry
from providers.base import Provider
from providers.errors import ProviderError, RunNotFound
from providers.types import LISTING, Run, RunList, WorkKind

log = logging.getLogger(__name__)

SINGLES_AT_ONCE = 8
SINGLES_PER_LOOK = 40


def due_jobs(provider: str, kind: str) -> list[JobQueue]:
    """Running and unclear jobs whose time to be looked at has come, the longest waiting first."""
    return list(
        JobQueue.objects.filter(
            provider=provider,
            kind=kind,
            status__in=[Status.RUNNING, Status.UNKNOWN],
            next_poll_at__lte=clock.now(),
        )
        .defer("payload", "error_detail")
        .order_by("next_poll_at")
    )


def poll(provider_key: str) -> None:
    """Look at everything due at one provider; a second worker that comes along does nothing."""
    with watch.polling(provider_key) as is_held:
        if not is_held:
            return
        provider = registry.get(provider_key)
        for kind in WorkKind:
            if jobs := due_jobs(provider_key, kind):
                _look(provider, kind, jobs)


def _look(provider: Provider, kind: WorkKind, jobs: Sequence[JobQueue]) -> None:
    asked_at = clock.now()
    if LISTING[kind] not in provider.capabilities:
        _look_one_by_one(provider, kind, jobs)
        return
    try:
        listed = provider.list_runs(kind)
    except ProviderError as error:
        watch.failed(provider.key, error)
        not_seen(jobs, error)
        return
    watch.answered(provider.key)
    _compare(provider, kind, jobs, listed, asked_at)
    strays.stop(provider, listed.runs)


def _compare(
    provider: Provider,
    kind: WorkKind,
    jobs: Sequence[JobQueue],
    listed: RunList,
    asked_at: datetime,
) -> None:
    by_id = {run.id: run for run in listed.runs}
    by_token = {run.correlation: run for run in reversed(listed.runs) if run.correlation}
    missing: list[JobQueue] = []
    seen: list[tuple[JobQueue, Run]] = []
    for job in jobs:
        if job.status == Status.UNKNOWN:
            with kept_apart(job):
                if run := by_token.get(job.correlation):
                    lookup.found(job, run)
                else:
                    lookup.absent(job, provider, asked_at=asked_at, is_complete=listed.is_complete)
        elif run := by_id.get(job.run_id):
            seen.append((job, run))
        else:
            missing.append(job)
    observe_all(provider, seen)
    _look_one_by_one(provider, kind, missing)
    if kind is WorkKind.TRAINING:
        logs.read_some(provider, [job for job, _run in seen])


def _look_one_by_one(provider: Provider, kind: WorkKind, jobs: Iterable[JobQueue]) -> None:
    running: list[JobQueue] = []
    for job in jobs:
        if job.status == Status.UNKNOWN:
            lookup.cannot_know(job)
        else:
            running.append(job)
    batch = running[:SINGLES_PER_LOOK]
    if not batch:
        return
    with ThreadPoolExecutor(max_workers=SINGLES_AT_ONCE) as pool:
        answers = pool.map(lambda job: _ask(provider.key, job.run_id, kind), batch)
        for job, answer in zip(batch, answers, strict=True):
            with kept_apart(job):
                _take(provider, job, answer)


def _ask(provider_key: str, run_id: str, kind: WorkKind) -> Run | Exception:
    """One single call, in a thread of its own: no database here."""
    try:
        return registry.get(provider_key).get_run(run_id, kind)
    except Exception as error:
        return error


def _take(provider: Provider, job: JobQueue, answer: Run | Exception) -> None:
    if isinstance(answer, Run):
        watch.answered(provider.key)
        observe_all(provider, [(job, answer)])
        if job.kind == WorkKind.TRAINING:
            logs.read_some(provider, [job])
    elif isinstance(answer, RunNotFound):
        watch.answered(provider.key)
        _not_known(job, answer)
    elif isinstance(answer, ProviderError):
        watch.failed(provider.key, answer)
        not_seen([job], answer)
    else:
        raise answer


def _not_known(job: JobQueue, error: RunNotFound) -> None:
    """The trainer does not know the run (yet?): waited for until the deadline, then over."""
    log.warning("job %s: the trainer does not know run %s", job.pk, job.run_id)
    if job.deadline_at and job.deadline_at < clock.now():
        move(job, Status.FAILED, error_code=error.code, error_detail=words_of(error))
    else:
        not_seen([job], error)


def not_seen(jobs: Sequence[JobQueue], error: ProviderError) -> None:
    """Not seeing changes nothing but the time of the next look: it is no state."""
    now = clock.now()
    by_attempts: dict[int, list[JobQueue]] = {}
    for job in jobs:
        # An unclear job's attempts count lists that did not hold it: they must not grow here.
        failures = 1 if job.status == Status.UNKNOWN else job.attempts + 1
        by_attempts.setdefault(failures, []).append(job)
    for failures, group in by_attempts.items():
        rows = JobQueue.objects.filter(pk__in=[job.pk for job in group])
        rows.update(next_poll_at=now + retry_delay(failures, error.retry_after))
        rows.filter(status=Status.RUNNING).update(attempts=F("attempts") + 1)
