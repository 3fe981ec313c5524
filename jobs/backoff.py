"""How long to wait, as pure functions. Doing the waiting is the tick's business."""

from __future__ import annotations

from datetime import timedelta

SHORTEST = 2.0  # seconds: the tick's own beat
LONGEST = 60.0
LONGEST_HEALTHY = 10.0
# A look is due a little before its beat, so that a beat that comes early does not skip it.
BEAT_SLACK = 1.0


def retry_delay(attempts: int, retry_after: float | None = None) -> timedelta:
    """Return the wait after `attempts` failures in a row (1, 2, …): 2 s doubling to 60 s.

    `retry_after` (seconds) is what the provider asked for; it wins where it is longer.
    """
    doubled = SHORTEST * 2 ** min(max(attempts - 1, 0), 10)
    return timedelta(seconds=max(min(doubled, LONGEST), retry_after or 0.0))


def poll_interval(running_for: timedelta) -> timedelta:
    """Return how soon to look again at a healthy run: every beat at first, 10 s after 10 min."""
    seconds = min(max(running_for.total_seconds() / 60, SHORTEST), LONGEST_HEALTHY)
    return timedelta(seconds=seconds - BEAT_SLACK)
