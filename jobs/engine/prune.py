"""What the audit trail keeps: states and notes always, progress and logs for a while."""

from __future__ import annotations

from datetime import timedelta

from jobs import clock
from jobs.models import JobEvent
from jobs.states import OVER

# Of jobs that are over. The curve and the log are looked at in the first days, if ever.
KEPT_FOR = timedelta(days=30)
CHUNK = 5000


def prune_events() -> int:
    """Delete old progress, log and loss events of ended jobs; return how many.

    Jobs themselves and their states stay: they are the record of what was paid.
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
