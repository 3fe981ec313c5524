"""What is due now: the ids and keys that the sweep, and whoever has finished a call, dispatch.

Never more than there is room for at a provider. Messages about what must wait anyway would fill
the queue, and everybody else's would come behind them.
"""

from __future__ import annotations

from django.db.models import Q

from jobs import clock
from jobs.engine import provider_status, receipts
from jobs.engine.transitions import free_places, is_call_over, is_free
from jobs.models import JobQueue, OrphanRun
from jobs.states import Status
from providers import registry


def submissions() -> list[str]:
    """Ids of queued jobs that were not dispatched or whose wait is over."""
    return _ids(Status.QUEUED, is_call_over() & Q(cancel_requested_at=None), Status.SUBMITTING)


def collections() -> list[str]:
    """Ids of finished runs that nobody is collecting."""
    return _ids(Status.FINISHING, is_free(), Status.FINISHING)


def _ids(status: Status, condition: Q, claimed_as: Status) -> list[str]:
    """Ids of due jobs, provider by provider, in turns from every owner: as many as may be
    claimed now."""
    due = JobQueue.objects.filter(condition, status=status, next_poll_at__lte=clock.now())
    due = due.exclude(provider__in=provider_status.paused())
    ids: list[str] = []
    for key in due.order_by().values_list("provider", flat=True).distinct():
        room = free_places(key, claimed_as)
        ids += map(str, due.filter(provider=key).in_turns().values_list("pk", flat=True)[:room])
    return ids


def polls() -> list[str]:
    """Keys of configured providers where something running, unclear or to be stopped is due, or
    that have reported by themselves."""
    now = clock.now()
    watched = JobQueue.objects.filter(
        next_poll_at__lte=now, status__in=[Status.RUNNING, Status.UNKNOWN]
    )
    keys = set(watched.order_by().values_list("provider", flat=True).distinct())
    orphans = OrphanRun.objects.filter(next_try_at__lte=now)
    keys |= set(orphans.values_list("job__provider", flat=True).distinct())
    keys |= receipts.waiting_at()
    return [key for key in registry.configured() if key in keys]


def descriptions() -> list[str]:
    """Keys of providers that were not asked lately what they can do."""
    return [key for key in registry.configured() if provider_status.is_description_due(key)]
