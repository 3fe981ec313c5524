"""What a verified webhook changes: it names a run, and the run itself is asked for the rest."""

from __future__ import annotations

from django.db.models import Q

from jobs import clock
from jobs.engine import reconcile
from jobs.engine.isolation import isolated
from jobs.models import JobQueue
from jobs.states import Status
from providers.types import Run, RunStatus, Webhook


def take(provider_key: str, webhook: Webhook) -> None:
    """Adopt the run where the answer to its paid call was lost, and make its job due now.

    Safe for any webhook, any number of times, and before the answer to the call has come. Only
    one that the provider has verified may be given (`Provider.parse_webhook`).
    """
    jobs = JobQueue.objects.filter(provider=provider_key)
    if webhook.correlation:
        is_named = Q(correlation=webhook.correlation) | Q(lookup_key=webhook.correlation)
        for job in jobs.filter(is_named, status=Status.UNKNOWN):
            with isolated(job):
                reconcile.found(job, Run(id=webhook.run_id, status=RunStatus.RUNNING))
    due = jobs.filter(status=Status.RUNNING, run_id=webhook.run_id)
    due.update(next_poll_at=clock.now())
