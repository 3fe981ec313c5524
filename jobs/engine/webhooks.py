"""What a verified webhook changes: it names a run, and the run itself is asked for the rest."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_noop

from jobs import clock
from jobs.engine import reconcile
from jobs.engine.acceptance import remember_orphan
from jobs.engine.isolation import isolated
from jobs.events import record_incident
from jobs.models import JobQueue
from jobs.states import Status
from providers.types import Run, RunStatus, Webhook

# A paid call of theirs may have been taken, and its answer be lost or still under way.
UNANSWERED = frozenset({Status.QUEUED, Status.SUBMITTING, Status.UNKNOWN})


def take(provider_key: str, webhook: Webhook) -> None:
    """Adopt the run where the answer to its paid call has not come, and make its job due now.

    Safe for any webhook, any number of times, and before the answer to the call has come. Only
    one that the provider has verified may be given (`Provider.parse_webhook`). Makes no call.
    """
    jobs = JobQueue.objects.filter(provider=provider_key)
    if webhook.correlation:
        is_named = Q(correlation=webhook.correlation) | Q(lookup_key=webhook.correlation)
        for job in jobs.filter(is_named):
            with isolated(job):
                _take(job, webhook.run_id)
    due = jobs.filter(status=Status.RUNNING, run_id=webhook.run_id)
    due.update(next_poll_at=clock.now())


def _take(job: JobQueue, run_id: str) -> None:
    if job.status in UNANSWERED:
        reconcile.found(job, Run(id=run_id, status=RunStatus.RUNNING))
    elif run_id != job.run_id:
        message = gettext_noop("Run %(run_id)s reported while the job was %(status)s.")
        remember_orphan(job, run_id)
        record_incident(job, message, run_id=run_id, status=job.status)
