"""Whose turn it is among the runs that no list shows: a provider's budget of calls, shared out.

Half of the calls go to whoever has waited longest, so that nobody is forgotten. The other half
goes in turns to every owner, for the run whose end is nearest: one owner's thousand runs do not
hide another's one, and a run that ends among thousands is seen soon.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import timedelta

from jobs import clock
from jobs.engine.backoff import everyone_asked
from jobs.models import JobQueue
from jobs.states import Status
from providers.base import Provider
from providers.types import FOLLOWING, WorkKind

# What may be saved up where polls come late: after a longer pause nobody is flooded with calls.
LONGEST_SAVED = timedelta(seconds=6)


class Budget:
    """How many runs one poll may still ask for one by one."""

    def __init__(self, provider: Provider, since: timedelta) -> None:
        """`since` is how long ago the last poll began; a clock may have been set back."""
        seconds = min(max(since, timedelta(0)), LONGEST_SAVED).total_seconds()
        self.left = max(1, int(seconds * provider.calls_per_second))

    def spend(self, jobs: Sequence[JobQueue]) -> Sequence[JobQueue]:
        """Return the first of those jobs, as many as may be asked for; they are paid for."""
        taken = jobs[: self.left]
        self.left -= len(taken)
        return taken


def unlisted(provider: Provider) -> list[WorkKind]:
    """The kinds of runs that no list of a provider shows."""
    return [kind for kind in WorkKind if FOLLOWING[kind] not in provider.capabilities]


def chosen(provider: Provider, kinds: Iterable[WorkKind], count: int) -> list[JobQueue]:
    """Return so many running jobs of these kinds whose next look is due."""
    due = JobQueue.objects.filter(provider=provider.key, kind__in=list(kinds))
    due = due.filter(status=Status.RUNNING, next_poll_at__lte=clock.now()).defer("error_detail")
    waiting = list(due.order_by("next_poll_at", "pk")[: math.ceil(count / 2)])
    others = due.exclude(pk__in=[job.pk for job in waiting])
    return waiting + list(others.nearest_end_in_turns()[: count - len(waiting)])


def everyone(provider: Provider, kind: WorkKind) -> timedelta | None:
    """How long it takes to ask for each of a provider's runs once, within its budget; None where
    a list shows them."""
    kinds = unlisted(provider)
    if kind not in kinds:
        return None
    running = JobQueue.objects.filter(provider=provider.key, status=Status.RUNNING)
    return everyone_asked(running.filter(kind__in=kinds).count(), type(provider))
