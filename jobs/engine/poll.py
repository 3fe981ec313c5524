"""Polling one provider: everything of ours that is due there, in as few calls as it allows."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from jobs import clock
from jobs.engine import (
    observations,
    orphans,
    provider_status,
    reconcile,
    run_logs,
    turns,
    webhooks,
)
from jobs.engine.backoff import retry_delay
from jobs.engine.isolation import isolated, isolated_part
from jobs.engine.progress import observe_all
from jobs.engine.transitions import move
from jobs.engine.turns import Budget
from jobs.events import error_text
from jobs.models import JobQueue
from jobs.states import Status
from providers import registry
from providers.base import Provider
from providers.errors import (
    OutcomeUnknownError,
    ProviderError,
    ProviderUnavailableError,
    RateLimitedError,
    RunNotFoundError,
)
from providers.types import FINDING, FOLLOWING, Run, RunList, RunRef, WorkKind

log = logging.getLogger(__name__)

CONCURRENT_CALLS = 16
# A provider may not know its newest runs yet: only later its not knowing one that was cancelled
# means that it is gone.
FORGOTTEN_AFTER = timedelta(minutes=2)


def due_jobs(provider: str, kind: str, status: Status) -> list[JobQueue]:
    """Jobs in that state that are due, in turns from every owner."""
    due = JobQueue.objects.filter(
        provider=provider, kind=kind, status=status, next_poll_at__lte=clock.now()
    )
    return list(due.in_turns().defer("error_detail"))


def poll(provider_key: str) -> None:
    """Poll everything due at one provider; a second worker that comes along does nothing."""
    with provider_status.polling_lease(provider_key) as is_held:
        if not is_held:
            return
        provider = registry.get(provider_key)
        with isolated_part(f"{provider_key}: its webhooks"):
            webhooks.handle_due(provider)
        _poll_kinds(provider)
        with isolated_part(f"{provider_key}: stopping orphan runs"):
            orphans.stop_known(provider)


def _poll_kinds(provider: Provider) -> None:
    budget = Budget(provider, provider_status.since_last_poll(provider.key))
    # Without a list that shows them, thousands would be read for the few that are asked for.
    kinds = turns.unlisted(provider)
    chosen = turns.chosen(provider, kinds, budget.left) if kinds else []
    for kind in WorkKind:
        with isolated_part(f"{provider.key}: the poll of kind {kind}"):
            # What was polled before may have been told to wait: that holds for this kind too.
            if provider_status.is_paused(provider.key):
                return
            running = [job for job in chosen if job.kind == kind]
            if kind not in kinds:
                running = due_jobs(provider.key, kind, Status.RUNNING)
            if jobs := [*running, *due_jobs(provider.key, kind, Status.UNKNOWN)]:
                _poll(provider, kind, jobs, budget)


def _poll(provider: Provider, kind: WorkKind, jobs: Sequence[JobQueue], budget: Budget) -> None:
    is_followed = FOLLOWING[kind] in provider.capabilities
    unclear = [job for job in jobs if job.status == Status.UNKNOWN]
    is_looked_for = bool(unclear) and FINDING[kind] in provider.capabilities
    if not is_looked_for and not (is_followed and _is_list_worth_it(provider, jobs, budget)):
        _poll_one_by_one(provider, kind, jobs, budget)
        return
    listed_at = clock.now()
    try:
        oldest = min(jobs if is_followed else unclear, key=attrgetter("created_at"))
        listed = provider.list_runs(kind, since=reconcile.sent_after(oldest))
    except ProviderError as error:
        provider_status.record_failure(provider.key, error)
        _poll_without_list(provider, kind, jobs, error, budget)
        return
    provider_status.record_answer(provider.key)
    with isolated_part(f"{provider.key}: comparing its list of kind {kind}"):
        _compare(provider, kind, jobs, listed, listed_at, budget)
    if not provider_status.is_paused(provider.key):
        orphans.stop_orphans(provider, listed.runs)


def _is_list_worth_it(provider: Provider, jobs: Sequence[JobQueue], budget: Budget) -> bool:
    """Whether reading its list back to the oldest run takes fewer calls than asking for each: a
    few old runs are not worth all the pages that have come since."""
    if not provider.runs_per_page or len(jobs) > budget.left:
        return True
    oldest = min(job.created_at for job in jobs)
    since = JobQueue.objects.filter(provider=provider.key, kind=jobs[0].kind, sent_at__gte=oldest)
    return since[: len(jobs) * provider.runs_per_page].count() < len(jobs) * provider.runs_per_page


def _poll_without_list(
    provider: Provider,
    kind: WorkKind,
    jobs: Sequence[JobQueue],
    error: ProviderError,
    budget: Budget,
) -> None:
    """Its list fails: each run is asked for, where the first shows that this is answered."""
    running = [job for job in jobs if job.status == Status.RUNNING]
    unobserved = list(jobs)
    may_call = not provider_status.is_paused(provider.key)
    if may_call and _poll_one_by_one(provider, kind, running[:1], budget):
        _poll_one_by_one(provider, kind, running[1:], budget)
        unobserved = [job for job in jobs if job.status == Status.UNKNOWN]
    not_observed(unobserved, error)


def _compare(
    provider: Provider,
    kind: WorkKind,
    jobs: Sequence[JobQueue],
    listed: RunList,
    listed_at: datetime,
    budget: Budget,
) -> None:
    is_followed = FOLLOWING[kind] in provider.capabilities
    by_id = listed.by_id if is_followed else {}
    running = [job for job in jobs if job.status == Status.RUNNING]
    observed = [
        (job, run)
        for job in running
        if (run := by_id.get(job.run_id)) and not reconcile.is_of_another(job, run)
    ]
    unclear = [job for job in jobs if job.status == Status.UNKNOWN]
    if FINDING[kind] in provider.capabilities:
        _reconcile(provider, unclear, listed, listed_at)
    else:
        _leave_unclear(unclear)
    _observe(provider, kind, observed, listed_at)
    ids = {job.pk for job, _run in observed}
    _poll_one_by_one(provider, kind, [job for job in running if job.pk not in ids], budget)


def _reconcile(
    provider: Provider, unclear: Sequence[JobQueue], listed: RunList, listed_at: datetime
) -> None:
    if not unclear:
        return
    is_witnessed = reconcile.is_witnessed(provider, WorkKind(unclear[0].kind), listed)
    for job in unclear:
        with isolated(job):
            if run := listed.find(job.token):
                reconcile.found(job, run)
            else:
                is_whole = listed.covers(reconcile.sent_after(job))
                is_proof = is_witnessed and is_whole and not listed.hints_at(job.token)
                reconcile.absent(job, provider, listed_at=listed_at, is_witnessed=is_proof)


def _leave_unclear(jobs: Sequence[JobQueue]) -> None:
    for job in jobs:
        if job.status == Status.UNKNOWN:
            reconcile.cannot_know(job)


def _poll_one_by_one(
    provider: Provider, kind: WorkKind, jobs: Sequence[JobQueue], budget: Budget
) -> bool:
    """Ask for as many single runs as the budget allows; return whether any call was answered."""
    _leave_unclear(jobs)
    batch = budget.spend([job for job in jobs if job.status == Status.RUNNING])
    if not batch:
        return False
    asked_at = clock.now()
    with ThreadPoolExecutor(max_workers=CONCURRENT_CALLS) as pool:
        ask = _Asking(provider.key)
        answers = list(pool.map(ask, [job.run_ref for job in batch]))
    observed: list[tuple[JobQueue, Run]] = []
    for job, answer in zip(batch, answers, strict=True):
        with isolated(job):
            observed += [(job, run) for run in _taken(provider, job, answer)]
    is_answered = any(isinstance(answer, Run | RunNotFoundError) for answer in answers)
    if is_answered:
        provider_status.record_answer(provider.key)
    _observe(provider, kind, observed, asked_at)
    return is_answered


class _Asking:
    """Single calls, in threads of their own: no database here. Where one is told to wait, the
    others are not made any more."""

    def __init__(self, provider_key: str) -> None:
        self._key = provider_key
        self._limit: ProviderUnavailableError | None = None

    def __call__(self, ref: RunRef) -> Run | Exception:
        if self._limit:
            return self._limit
        try:
            return registry.get(self._key).get_run(ref)
        except ProviderUnavailableError as error:
            if isinstance(error, RateLimitedError) or error.retry_after:
                self._limit = error
            return error
        except Exception as error:
            return error


def _taken(provider: Provider, job: JobQueue, answer: Run | Exception) -> list[Run]:
    """Return the run where the answer shows it; else deal with what it says."""
    if isinstance(answer, Run):
        if not reconcile.is_of_another(job, answer):
            return [answer]
        not_observed([job], OutcomeUnknownError(provider.key, "the run carries another token"))
    elif isinstance(answer, RunNotFoundError):
        _not_found(job, answer)
    elif isinstance(answer, ProviderError):
        provider_status.record_failure(provider.key, answer)
        not_observed([job], answer)
    else:
        raise answer
    return []


def _observe(
    provider: Provider,
    kind: WorkKind,
    observed: Sequence[tuple[JobQueue, Run]],
    asked_at: datetime,
) -> None:
    observe_all(provider, observed, asked_at)
    if kind is WorkKind.TRAINING:
        run_logs.read_some(provider, observed)


def _not_found(job: JobQueue, error: RunNotFoundError) -> None:
    """The trainer does not know the run (yet?): waited for until the deadline, then failed."""
    log.warning("job %s: the trainer does not know run %s", job.pk, job.run_id)
    if _is_forgotten(job):
        move(job, Status.CANCELLED, last_seen_at=clock.now())
    elif job.deadline_at and job.deadline_at < clock.now():
        move(job, Status.FAILED, error_code=error.code, error_detail=error_text(error))
    else:
        not_observed([job], error)


def _is_forgotten(job: JobQueue) -> bool:
    """Whether it is not known because it was cancelled: some providers drop what still waits."""
    if job.cancel_requested_at is None or job.cancel_sent_at is None:
        return False
    asked_for = clock.now() - job.cancel_requested_at
    return registry.CLASSES[job.provider].forgets_cancelled_runs and asked_for > FORGOTTEN_AFTER


def not_observed(jobs: Sequence[JobQueue], error: ProviderError) -> None:
    """No observation changes nothing but the time of the next poll: it is no state."""
    now = clock.now()
    observations.store([(job, _later(job, now, error)) for job in jobs])


def _later(job: JobQueue, now: datetime, error: ProviderError) -> dict[str, Any]:
    count = job.unanswered_count + 1
    delay = retry_delay(count, error.retry_after)
    return {"unanswered_count": count, "next_poll_at": now + delay}
