"""Fetching what running trainings show on the way. Nothing waits for it, and its failure changes
nothing: a sample that did not come is asked for again while the training runs."""

from __future__ import annotations

import logging
import uuid
from datetime import timedelta

from django.db.models import F, Q

from jobs import clock
from jobs.engine import provider_status
from jobs.log_context import about
from jobs.models import JobQueue
from jobs.states import Status
from jobs.work import InvalidResultError, work_for
from providers import registry
from providers.catalog import SIMULATED
from providers.errors import ProviderError
from providers.types import WorkKind

log = logging.getLogger(__name__)

# A training makes a few in an hour; whoever watches wants to see them soon.
READ_EVERY = timedelta(seconds=10)
PER_SWEEP = 4


def due() -> list[str]:
    """Ids of running trainings whose samples were not asked for lately, the longest waiting first.

    A simulation makes none, and a provider that wants us to wait is left alone.
    """
    able = [key for key in registry.configured() if registry.makes_samples(key)]
    if not able:
        return []
    now = clock.now()
    lately = Q(samples_read_at__gt=now - READ_EVERY, samples_read_at__lte=now)
    running = JobQueue.objects.filter(
        kind=WorkKind.TRAINING, status=Status.RUNNING, provider__in=able
    )
    waiting = running.exclude(engine__in=["", SIMULATED]).exclude(lately)
    ids = waiting.order_by(F("samples_read_at").asc(nulls_first=True), "pk")
    paused = set(provider_status.paused())
    found = ids.values_list("pk", "provider")[:PER_SWEEP]
    return [str(pk) for pk, provider in found if provider not in paused]


def read(job_id: uuid.UUID) -> None:
    """Fetch the new samples of one training. A second worker that comes along does nothing."""
    job = JobQueue.objects.select_related("model").filter(pk=job_id, status=Status.RUNNING).first()
    if job is None or job.model is None:
        return
    claimed = JobQueue.objects.filter(pk=job_id, samples_read_at=job.samples_read_at)
    if not claimed.update(samples_read_at=clock.now()):
        return
    with about(job):
        try:
            with provider_status.limits_heard(job.provider):
                work_for(job).fetch_samples(job, registry.get(job.provider))
        except (ProviderError, InvalidResultError, OSError) as error:
            log.info("the samples of run %s could not be read: %s", job.run_id, error)
