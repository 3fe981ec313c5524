"""How many requests came within this minute, counted in the cache: no query, one operation.

Without Redis every process counts for itself. A cache that is away limits nobody, and is not
asked again for a while, so that pages stay fast without it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from django.core.cache import cache

from accounts.allowances import Usage
from accounts.models import User

logger = logging.getLogger(__name__)

MINUTE = 60
PAUSE = 10.0  # seconds without the cache after it failed
_now = time.time
_away_until = 0.0


def count(who: str) -> int:
    """Count one more request of `who` and return how many that are in this minute."""
    key = _key(who)
    return _asked(lambda: _incremented(key))


def made_by(who: str) -> int:
    """Return how many requests of `who` were counted in this minute."""
    key = _key(who)
    return _asked(lambda: int(cache.get(key, 0)))


def usage_of(person: User) -> Usage:
    """Return what a person has used of this minute."""
    return Usage(made_by(key_of(person)))


def key_of(person: User) -> str:
    """Return by what a signed-in person is counted."""
    return f"person-{person.pk}"


def seconds_left() -> int:
    """Return how long this minute still lasts."""
    return MINUTE - int(_now()) % MINUTE


def _asked(question: Callable[[], int]) -> int:
    """Return what the cache says; 0 while it is away."""
    global _away_until
    if time.monotonic() < _away_until:
        return 0
    try:
        return question()
    except Exception as error:  # every cache has its own
        _away_until = time.monotonic() + PAUSE
        logger.warning("Requests are not counted: the cache failed (%s)", type(error).__name__)
        return 0


def _incremented(key: str) -> int:
    try:
        return cache.incr(key)
    except ValueError:  # the first of this minute
        return 1 if cache.add(key, 1, MINUTE) else cache.incr(key)


def _key(who: str) -> str:
    # Two names for each, used in turn: what the first minute left is over when the third begins.
    return f"requests-{who}-{int(_now()) // MINUTE % 2}"
