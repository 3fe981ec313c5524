"""What is kept of jobs that are over, and for how long."""

from __future__ import annotations

from datetime import timedelta

from jobs import clock
from jobs.engine import journal
from jobs.models import JobEvent, JobQueue, WebhookReceipt
from jobs.states import OVER

# Of jobs that are over. The curve and the log are looked at in the first days, if ever.
KEPT_FOR = timedelta(days=30)
# Of deleted models: as long as somebody may have to look a payment up.
JOBS_KEPT_FOR = timedelta(days=2 * 365)
CHUNK = 500


def prune_events() -> int:
    """Delete old progress, log and loss events of ended jobs; return how many.

    Jobs themselves and their states stay longer: they are the record of what was paid.
    """
    old = JobEvent.objects.filter(
        kind__in=[JobEvent.Kind.PROGRESS, JobEvent.Kind.LOG, JobEvent.Kind.LOSS],
        job__status__in=sorted(OVER),
        job__finished_at__lt=clock.now() - KEPT_FOR,
    )
    deleted = 0
    # In chunks: a transaction over millions of rows would hold everybody up.
    while ids := list(old.values_list("pk", flat=True)[:CHUNK]):
        deleted += JobEvent.objects.filter(pk__in=ids).delete()[0]
    return deleted


def prune_jobs() -> int:
    """Delete ended jobs, with their events, whose models are gone for long; return how many.

    Their amounts have been accounted for by then. The jobs of a model that exists tell its story.
    """
    limit = clock.now() - JOBS_KEPT_FOR
    old = JobQueue.objects.filter(model=None, status__in=sorted(OVER), finished_at__lt=limit)
    deleted = 0
    while ids := list(old.values_list("pk", flat=True)[:CHUNK]):
        JobQueue.objects.filter(pk__in=ids).delete()
        deleted += len(ids)
    return deleted


def prune_webhooks() -> int:
    """Delete old webhooks; return how many. None is taken again: by then it is stale."""
    limit = clock.now() - KEPT_FOR
    return WebhookReceipt.objects.filter(received_at__lt=limit).delete()[0]


def prune_journal() -> int:
    """Remove the look-up keys of old paid calls; return how many. After an older backup than that,
    jobs whose key is lost are left to a person."""
    return journal.prune_lookup_keys(clock.now() - KEPT_FOR)
