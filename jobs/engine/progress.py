"""What an observed run changes. An observation ends a job only where the provider says so."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import OperationalError, transaction
from django.utils.translation import gettext_noop

from jobs import clock
from jobs.engine import observations, provider_status, receipts, step_rate, turns
from jobs.engine.acceptance import ENGINE_LIMIT, mark_finishing
from jobs.engine.backoff import CANCEL_AGAIN_AFTER, poll_interval, turn_interval
from jobs.engine.isolation import isolated, postpone
from jobs.engine.row_locks import is_row_locked
from jobs.engine.transitions import TransitionError, move
from jobs.events import TEXT_LIMIT, error_text, note_once
from jobs.models import JobEvent, JobQueue
from jobs.states import Status
from providers import registry
from providers.base import Provider
from providers.errors import (
    RUN_ERROR_CODES,
    RUN_FAILED,
    ProviderError,
    UnsupportedFeatureError,
)
from providers.redaction import sanitised
from providers.types import Run, RunRef, RunStatus, WorkKind

log = logging.getLogger(__name__)

# Rows per transaction: few commits, and still short enough for others to write in between.
CHUNK = 250
# Each costs a call: many cancellations at once must not delay the other observations.
CANCELS_PER_POLL = 20


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When runs are looked at again: counted from when their provider was asked.

    `everyone` is how long it takes to ask for each of its runs (`turns.everyone`).
    """

    asked_at: datetime
    everyone: timedelta | None = None
    has_webhooks: bool = False

    @classmethod
    def of(cls, provider: Provider, kind: WorkKind, asked_at: datetime) -> Rhythm:
        """The rhythm of a provider's runs of one kind as things are now."""
        has_webhooks = receipts.are_arriving(provider.key)
        return cls(asked_at, turns.everyone(provider, kind), has_webhooks)

    def next_look(self, provider: str, running_for: timedelta, left: timedelta | None) -> datetime:
        """Return when to look at a run again that goes on for `left`, where that is known."""
        shortest = registry.CLASSES[provider].shortest_interval
        wait = poll_interval(running_for, shortest, has_webhooks=self.has_webhooks)
        if self.everyone is not None:
            wait = turn_interval(
                wait, running_for, left, self.everyone, has_webhooks=self.has_webhooks
            )
        return self.asked_at + wait


def observe_all(
    provider: Provider, observed: Sequence[tuple[JobQueue, Run]], asked_at: datetime
) -> None:
    """Bring running jobs in line with their runs, live ones in a few large transactions.

    The next poll is due an interval after `asked_at`, when the provider was asked: to read and
    store thousands of runs takes seconds, which must not come on top.
    """
    live = [(job, run) for job, run in observed if not run.status.is_over]
    if live:
        rhythm = Rhythm.of(provider, WorkKind(live[0][0].kind), asked_at)
        for start in range(0, len(live), CHUNK):
            _store(live[start : start + CHUNK], rhythm)
    _pass_cancellations_on(provider, [job for job, _run in live])
    for job, run in observed:
        if run.status.is_over:
            with isolated(job):
                end(job, run, provider)


def _pass_cancellations_on(provider: Provider, jobs: Sequence[JobQueue]) -> None:
    """Pass on what is due, the longest waiting first: those that fail must not hide the others."""
    due = [job for job in jobs if is_cancellation_due(job)]
    due.sort(key=lambda job: job.cancel_sent_at or job.cancel_requested_at or clock.now())
    for job in due[:CANCELS_PER_POLL]:
        if provider_status.is_paused(provider.key):
            return
        with isolated(job):
            cancel_run(job, provider)


def _store(live: Sequence[tuple[JobQueue, Run]], rhythm: Rhythm) -> None:
    """Store observations; a row that the database does not take is postponed alone."""
    try:
        _store_progress(live, rhythm)
    except OperationalError as error:
        if not is_row_locked(error):
            raise  # the database is away or busy: that is no row's fault
        for one in live if len(live) > 1 else ():
            _store([one], rhythm)
    except Exception:
        if len(live) == 1:
            log.exception("job %s: its observation could not be stored", live[0][0].pk)
            postpone(live[0][0])
        else:
            for one in live:
                _store([one], rhythm)


def end(job: JobQueue, run: Run, provider: Provider) -> None:
    """Apply that a run is over at its provider."""
    now = clock.now()
    try:
        if run.status is RunStatus.SUCCEEDED:
            mark_finishing(job, run)
        elif run.status is RunStatus.CANCELLED:
            move(job, Status.CANCELLED, run=run, last_seen_at=now)
        else:
            failed = _with_reason(run, job.run_ref, provider)
            detail = sanitised(failed.error, TEXT_LIMIT)
            code = failed.error_code if failed.error_code in RUN_ERROR_CODES else RUN_FAILED
            move(
                job,
                Status.FAILED,
                run=failed,
                last_seen_at=now,
                error_code=code,
                error_detail=detail,
            )
    except TransitionError:
        log.info("job %s: another process saw first that it %s", job.pk, run.status.value)


def _with_reason(run: Run, ref: RunRef, provider: Provider) -> Run:
    """The run with its provider's explanation: lists often leave it out, a single call has it."""
    if run.error:
        return run
    try:
        with provider_status.limits_heard(provider.key):
            return provider.get_run(ref)
    except ProviderError:
        return run


@transaction.atomic
def _store_progress(live: Sequence[tuple[JobQueue, Run]], rhythm: Rhythm) -> None:
    now = clock.now()
    observed = [(job, progress(job, run, now, rhythm)) for job, run in live]
    stored = observations.store(observed)
    JobEvent.objects.bulk_create(
        _progress_event(job, values)
        for job, values in observed
        if job.pk in stored and (job.step, job.stage) != (values["step"], values["stage"])
    )


def _progress_event(job: JobQueue, values: Mapping[str, Any]) -> JobEvent:
    data = {
        "step": values["step"],
        "total": values["total_steps"],
        "progress": values["progress"],
    }
    return JobEvent(job=job, kind=JobEvent.Kind.PROGRESS, text=values["stage"], data=data)


def progress(job: JobQueue, run: Run, now: datetime, rhythm: Rhythm) -> dict[str, Any]:
    """Return the job's new column values after an observation of its live run; pure.

    Nothing ever goes backwards, whatever order answers arrive in.
    """
    running_for = now - (job.submitted_at or now)
    total = _whole(run.total_steps) or job.total_steps
    step = job.step if run.step is None else max(_whole(run.step) or 0, job.step or 0)
    share = run.progress if run.progress is not None else _share(step, total)
    is_first_start = run.status is RunStatus.RUNNING and job.started_at is None
    ends_at = step_rate.time_of_end(job, step, total, now, run.seconds_left)
    left = ends_at - now if ends_at else None
    return {
        "last_seen_at": now,
        "next_poll_at": rhythm.next_look(job.provider, running_for, left),
        "unanswered_count": 0,
        "engine": sanitised(run.engine, ENGINE_LIMIT) or job.engine,
        "step": step,
        "total_steps": total,
        "stage": sanitised(run.stage, 120) or job.stage,
        "progress": max(job.progress, min(share or 0.0, 1.0)),
        "started_at": now if is_first_start else job.started_at,
        **step_rate.measured(job, step, now),
        "eta_at": ends_at,
    }


def _whole(count: int | None) -> int | None:
    return None if count is None else min(count, observations.MOST_STEPS)


def _share(step: int | None, total: int | None) -> float | None:
    return step / total if step is not None and total else None


def is_cancellation_due(job: JobQueue) -> bool:
    """Whether the owner's cancellation has to be passed on, or passed on again."""
    if job.cancel_requested_at is None:
        return False
    sent_at = job.cancel_sent_at
    return sent_at is None or abs(clock.now() - sent_at) > CANCEL_AGAIN_AFTER


def cancel_run(job: JobQueue, provider: Provider) -> None:
    """Pass the cancellation on. The job ends when the provider confirms, or was done first."""
    # Before the call, and kept where it fails: the next one is due a while after this one.
    JobQueue.objects.filter(pk=job.pk).update(cancel_sent_at=clock.now())
    try:
        with provider_status.limits_heard(provider.key):
            provider.cancel_run(job.run_ref)
    except UnsupportedFeatureError:
        note_once(job, gettext_noop("This trainer cannot cancel. It continues to its end."))
    except ProviderError as error:
        log.warning("job %s: cancelling failed: %s", job.pk, error_text(error))
