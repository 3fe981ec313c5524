"""How long to wait, as pure functions. The sweep does the waiting."""

from __future__ import annotations

import math
from datetime import timedelta

from providers.base import Provider

SHORTEST = 2.0  # seconds: the interval of the sweep
POLL_AT_LEAST = 2.5  # seconds: a sweep, and how late it is on a busy machine
LONGEST = 60.0
LONGEST_HEALTHY = 10.0
LONGEST_WITH_WEBHOOKS = 60.0
# What reading a listed run and storing its observation may take; `make bench-monitor` measures it.
LISTED_RUN_COST = 0.001  # seconds
# A poll is due a little before its sweep, so that a sweep that comes early does not skip it.
SWEEP_SLACK = 1.0
# A cancellation that the provider may not have heard is passed on again.
CANCEL_AGAIN_AFTER = timedelta(seconds=30)


def retry_delay(failures: int, retry_after: float | None = None) -> timedelta:
    """Return the wait after `failures` in a row (1, 2, …): 2 s doubling to 60 s.

    `retry_after` (seconds) is what the provider asked for; it wins where it is longer.
    """
    doubled = SHORTEST * 2 ** min(max(failures - 1, 0), 10)
    return timedelta(seconds=max(min(doubled, LONGEST), retry_after or 0.0))


def collect_delay(failures: int) -> timedelta:
    """Return the wait before a result is fetched again: 2 s doubling to 10 minutes.

    What was paid is fetched until its deadline, so the waits have to grow.
    """
    return timedelta(seconds=min(SHORTEST * 2 ** min(max(failures - 1, 0), 10), 600.0))


def deletion_delay(failures: int) -> timedelta:
    """Return the wait before something is deleted again: 2 s doubling to an hour."""
    return timedelta(seconds=min(SHORTEST * 2 ** min(max(failures - 1, 0), 11), 3600.0))


def poll_interval(
    running_for: timedelta, shortest: timedelta, *, has_webhooks: bool = False
) -> timedelta:
    """Return when to poll a healthy run again: every sweep at first, 10 s after 10 minutes.

    60 s after 20 minutes where the provider reports its end by itself: polls are then what finds
    out that a report was lost. Never more often than `shortest`, which its provider states.
    """
    age = running_for.total_seconds()
    seconds = min(max(age / 60, SHORTEST), LONGEST_HEALTHY)
    if has_webhooks:
        seconds = min(max(age / 20, SHORTEST), LONGEST_WITH_WEBHOOKS)
    seconds = max(seconds, shortest.total_seconds())
    return timedelta(seconds=seconds - SWEEP_SLACK)


def longest_unseen(
    runs: int, provider: Provider, *, is_listed: bool, has_webhooks: bool = False
) -> timedelta:
    """Return how long each of so many runs at one provider stays unseen at most, as long as it
    answers what a poll asks before the next one comes.

    A list shows all of them at once, and each takes its moment to be stored; else each poll makes
    `calls_per_poll` single calls.
    """
    polls = 1 if is_listed else math.ceil(runs / provider.calls_per_poll)
    longest = LONGEST_WITH_WEBHOOKS if has_webhooks else LONGEST_HEALTHY
    usual = max(longest, provider.shortest_interval.total_seconds(), polls * POLL_AT_LEAST)
    storing = runs * LISTED_RUN_COST if is_listed else 0.0
    return timedelta(seconds=usual + SHORTEST + storing)
