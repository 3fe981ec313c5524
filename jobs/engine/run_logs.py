"""Storing a provider's log lines and losses as our events, a bounded share per poll."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from django.db import OperationalError, transaction
from django.db.models import Q
from django.utils.translation import gettext_noop

from jobs import clock
from jobs.engine import provider_status, step_rate
from jobs.engine.observations import MOST_STEPS
from jobs.engine.row_locks import is_row_locked
from jobs.events import TEXT_LIMIT, record
from jobs.models import JobEvent, JobQueue
from jobs.states import Status
from providers import registry
from providers.base import Provider
from providers.errors import ProviderError
from providers.redaction import sanitised
from providers.types import Capability, Run, RunLog, RunRef

log = logging.getLogger(__name__)

# Logs cost calls per run: a few runs per poll, each not more often than this.
RUNS_PER_POLL = 6
READ_EVERY = timedelta(seconds=1.5)


def read_some(provider: Provider, observed: Sequence[tuple[JobQueue, Run]]) -> None:
    """Take the logs that came with the runs, and read those of the other jobs that waited longest
    for it. A failure changes nothing."""
    for job, run in observed:
        if run.log and _has_news(job, run.log):
            _store(job, run.log)
    if Capability.LOG in provider.capabilities:
        _read_some(provider, [job for job, run in observed if run.log is None])


def _has_news(job: JobQueue, fresh: RunLog) -> bool:
    last = -1 if job.loss_step is None else job.loss_step
    return len(fresh.lines) > job.log_count or any(step > last for step, _loss in fresh.losses)


def _read_some(provider: Provider, jobs: Sequence[JobQueue]) -> None:
    now = clock.now()
    waiting = [
        job for job in jobs if job.log_read_at is None or abs(now - job.log_read_at) > READ_EVERY
    ]
    waiting.sort(key=lambda job: (job.log_read_at is not None, job.log_read_at))
    chosen = waiting[:RUNS_PER_POLL]
    if not chosen or provider_status.is_paused(provider.key):
        return
    with ThreadPoolExecutor(max_workers=RUNS_PER_POLL) as pool:
        refs = [job.run_ref for job in chosen]
        logs = list(pool.map(lambda ref: _fetch(provider.key, ref), refs))
    for job, fresh in zip(chosen, logs, strict=True):
        _take(job, fresh)


def read(provider: Provider, job: JobQueue) -> None:
    """Append what is new in one run's log. A failure changes nothing."""
    _take(job, _fetch(provider.key, job.run_ref))


def _fetch(provider_key: str, ref: RunRef) -> RunLog | ProviderError | None:
    """Fetch a log, perhaps in a thread of its own: no database here."""
    try:
        return registry.get(provider_key).run_log(ref)
    except ProviderError as error:
        log.info("the log of run %s could not be read: %s", ref.id, error)
        return error
    except Exception:
        log.exception("the log of run %s could not be read", ref.id)
    return None


def _take(job: JobQueue, fresh: RunLog | ProviderError | None) -> None:
    if isinstance(fresh, RunLog):
        _store(job, fresh)
    elif fresh is not None:
        provider_status.record_limit(job.provider, fresh)


def _store(job: JobQueue, fresh: RunLog) -> None:
    """Append what is new; a log that cannot be stored never decides about the training."""
    try:
        _append(job, fresh)
    except OperationalError as error:
        if not is_row_locked(error):
            raise
        log.info("job %s: its log waits, its row is locked by another session", job.pk)
    except Exception:
        log.exception("job %s: its log could not be stored", job.pk)
        JobQueue.objects.filter(pk=job.pk).update(log_read_at=clock.now())


def _append(job: JobQueue, fresh: RunLog) -> None:
    # Two readers at once would append twice: the one that moves the cursor first appends.
    last = -1 if job.loss_step is None else job.loss_step
    losses = [(step, loss) for step, loss in fresh.losses if step > last and _is_point(step, loss)]
    with transaction.atomic():
        moved = JobQueue.objects.filter(
            pk=job.pk, log_count=job.log_count, loss_step=job.loss_step
        ).update(
            log_read_at=clock.now(),
            log_count=max(job.log_count, len(fresh.lines)),
            loss_step=losses[-1][0] if losses else job.loss_step,
        )
        if moved:
            _advance(job, fresh)
        if moved:
            JobEvent.objects.bulk_create(_events(job, fresh, losses))


def _advance(job: JobQueue, fresh: RunLog) -> None:
    """Take over how far the run is where only its log says that; never backwards."""
    step, total = fresh.step, fresh.total_steps
    if step is None or not 0 < step <= MOST_STEPS or step <= (job.step or 0):
        return
    if not total or total > MOST_STEPS:
        return
    progress, now = max(job.progress, min(step / total, 1.0)), clock.now()
    later = JobQueue.objects.filter(Q(step=None) | Q(step__lt=step), pk=job.pk)
    if later.filter(status=Status.RUNNING).update(
        step=step,
        stage=gettext_noop("Training"),
        total_steps=total,
        progress=progress,
        eta_at=step_rate.time_of_end(job, step, total, now, None),
        **step_rate.measured(job, step, now),
    ):
        data = {"step": step, "total": total, "progress": progress}
        record(job, JobEvent.Kind.PROGRESS, "Training", **data)


def _is_point(step: int, loss: float) -> bool:
    """Whether a curve can show it: one impossible point must not cost all the others."""
    try:
        # A training that diverges reports NaN, which JSON columns refuse.
        return 0 <= step <= MOST_STEPS and math.isfinite(loss)
    except OverflowError:
        return False


def _events(job: JobQueue, fresh: RunLog, losses: Sequence[tuple[int, float]]) -> list[JobEvent]:
    events = [
        JobEvent(
            job=job,
            kind=JobEvent.Kind.LOG,
            text=sanitised(line.text, TEXT_LIMIT),
            data={
                "level": line.level,
                "step": line.step,
                "at": line.at.isoformat() if line.at else None,
            },
        )
        for line in fresh.lines[job.log_count :]
    ]
    if losses:
        events.append(
            JobEvent(job=job, kind=JobEvent.Kind.LOSS, data={"points": [list(p) for p in losses]})
        )
    return events
