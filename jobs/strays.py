"""Runs that carry one of our tokens though no job follows them: a lost call that turned up late.

Such a run costs money for nobody. It is stopped and the operator is told, so that one press
of the button ends with one model whatever came back from the dead.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from jobs.events import alarm
from jobs.models import JobQueue
from jobs.states import OVER, UNFINISHED, Status
from providers.base import Provider
from providers.errors import ProviderError
from providers.types import Run

log = logging.getLogger(__name__)

CHUNK = 500


def stop(provider: Provider, runs: Iterable[Run]) -> None:
    """Cancel live runs whose job is over or follows another run, and raise the alarm once."""
    live = [run for run in runs if run.correlation and not run.status.is_over]
    for start in range(0, len(live), CHUNK):
        _stop(provider, live[start : start + CHUNK])


def _stop(provider: Provider, runs: list[Run]) -> None:
    followed = _followed(provider, [run.id for run in runs])
    loose = {run.correlation: run for run in runs if run.id not in followed}
    owners = JobQueue.objects.filter(provider=provider.key, correlation__in=list(loose))
    for job in owners:
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
    of a job that is done or being fetched: nothing to stop there."""
    if job.status in {Status.FAILED, Status.CANCELLED}:
        _ask_to_stop(provider, job, run)


def _stop_second(provider: Provider, job: JobQueue, run: Run) -> None:
    outcome = (
        "it was stopped"
        if _ask_to_stop(provider, job, run)
        else "it could not be stopped from here: stop it at the trainer"
    )
    sentence = f"Run {run.id} turned up while the job was {job.status}; {outcome}."
    alarm(job, sentence, run_id=run.id)


def _ask_to_stop(provider: Provider, job: JobQueue, run: Run) -> bool:
    try:
        provider.cancel_run(run.id)
    except ProviderError as error:
        log.warning("stray run %s of job %s could not be stopped: %s", run.id, job.pk, error)
        return False
    return True
