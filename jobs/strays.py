"""Runs that carry one of our tokens though no job follows them: a lost call that turned up late.

Such a run costs money for nobody. It is stopped and the operator is told, so that one press
of the button ends with one model whatever came back from the dead.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from jobs.events import alarm
from jobs.models import JobQueue
from jobs.states import OVER, Status
from providers.base import Provider
from providers.errors import ProviderError
from providers.types import Capability, Run

log = logging.getLogger(__name__)

CHUNK = 500


def stop(provider: Provider, runs: Iterable[Run]) -> None:
    """Cancel live runs whose job is over or follows another run, and raise the alarm once."""
    live = [run for run in runs if run.correlation and not run.status.is_over]
    for start in range(0, len(live), CHUNK):
        _stop(provider, live[start : start + CHUNK])


def _stop(provider: Provider, runs: list[Run]) -> None:
    followed = set(
        JobQueue.objects.filter(
            provider=provider.key, run_id__in=[run.id for run in runs], status=Status.RUNNING
        ).values_list("run_id", flat=True)
    )
    loose = {run.correlation: run for run in runs if run.id not in followed}
    owners = JobQueue.objects.filter(provider=provider.key, correlation__in=list(loose))
    for job in owners:
        run = loose[job.correlation]
        if job.status in OVER or job.run_id not in ("", run.id):
            _stop_one(provider, job, run)


def _stop_one(provider: Provider, job: JobQueue, run: Run) -> None:
    if Capability.CANCEL not in provider.capabilities:
        return
    try:
        provider.cancel_run(run.id)
    except ProviderError as error:
        log.warning("stray run %s of job %s could not be stopped: %s", run.id, job.pk, error)
        return
    sentence = f"Run {run.id} turned up late while the job was {job.status}; it was stopped."
    if job.alarm != sentence:
        alarm(job, sentence, run_id=run.id)
