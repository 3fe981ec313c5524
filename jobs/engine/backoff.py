"""How long to wait, as pure functions. The sweep does the waiting."""

from __future__ import annotations

import math
from datetime import timedelta

from providers.base import Provider

SHORTEST = 2.0  # seconds: the interval of the sweep
LATE = 2.0  # seconds: a poll under way when another is due, and how late a sweep may be
LONGEST = 60.0
LONGEST_HEALTHY = 10.0
LONGEST_WITH_WEBHOOKS = 60.0
# What reading a listed run and storing its observation may take; `make bench-monitor` measures it.
LISTED_RUN_COST = 0.001  # seconds
PAGE_COST = 0.25  # seconds for one page of a list: they are read one after the other
# How often a run is asked for between now and its end, where many have to take turns.
LOOKS_UNTIL_THE_END = 10
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


def turn_interval(
    usual: timedelta,
    running_for: timedelta,
    left: timedelta | None,
    everyone: timedelta,
    *,
    has_webhooks: bool = False,
) -> timedelta:
    """Return when to ask again for a healthy run that no list shows: rarely while its end is far
    away, as often as `usual` (of `poll_interval`) near it.

    `left` is the time to its end at the measured step rate; where that is None, it is rarer the
    longer it runs. `everyone` is how long the provider's budget takes for all of its runs: with a
    few of them, or where it reports ends by itself, that is what decides.
    """
    far = running_for if left is None else left
    turns = 2 if has_webhooks else 1
    return max(usual, min(far / LOOKS_UNTIL_THE_END, turns * everyone))


def everyone_asked(runs: int, provider: type[Provider]) -> timedelta:
    """Return how long it takes to ask a provider for so many runs, each once, within its budget."""
    return timedelta(seconds=runs / provider.calls_per_second)


def longest_unseen(
    runs: int, provider: Provider, *, is_listed: bool, has_webhooks: bool = False
) -> timedelta:
    """Return how long each of so many runs at one provider stays unseen at most, as long as it
    answers what a poll asks before the next one comes.

    A list shows all of them at once, page after page, and each takes its moment to be stored.
    Else each waits for its turn (`turn_interval`), and half of all calls go to those that have
    waited longest (`turns.py`).
    """
    longest = LONGEST_WITH_WEBHOOKS if has_webhooks else LONGEST_HEALTHY
    usual = max(longest, provider.shortest_interval.total_seconds())
    if is_listed:
        pages = math.ceil(runs / provider.runs_per_page) if provider.runs_per_page else 1
        usual += (pages - 1) * PAGE_COST + runs * LISTED_RUN_COST
    else:
        rounds = 3 if has_webhooks else 2
        usual = max(usual, rounds * everyone_asked(runs, type(provider)).total_seconds())
    return timedelta(seconds=usual + LATE + SHORTEST)
