"""What a provider last answered, shared by every process through the database."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from jobs import clock
from jobs.engine.backoff import SHORTEST, retry_delay
from jobs.engine.renewal import beside, renew_until
from jobs.models import ProviderStatus
from providers import registry
from providers.errors import ProviderError, ProviderUnavailableError, RateLimitedError
from providers.redaction import sanitised
from providers.types import Description

# Renewed while the poll goes on. Of a poller that was killed, others take over so soon.
POLL_LEASE = timedelta(seconds=30)
LONGEST_POLL = timedelta(minutes=15)  # one that takes longer hangs, and others must take over
DESCRIBE_EVERY = timedelta(seconds=30)  # at most; a provider may want it more rarely
UNANSWERED_FOR_PAUSE = 3
# What a description holds at most: a few names and sentences.
SHORT_TEXT = 400
SHORT_LIST = 20
LONGEST_TRAINING = 30 * 24 * 3600.0  # seconds: a longer estimate is none
DEFAULT_RETRY_AFTER = 5.0  # seconds, where a rate limit names no time


def record_answer(provider: str) -> None:
    """It answered, whatever the answer: it is available."""
    ProviderStatus.objects.update_or_create(provider=provider, defaults=_answered(clock.now()))


def _answered(now: datetime) -> dict[str, Any]:
    return {"last_answer_at": now, "last_error": "", "unanswered_count": 0}


def record_failure(provider: str, error: ProviderError) -> None:
    """It did not answer, or limits our rate: then no worker calls it before that time.

    It may name the time, with a rate limit or without. Where several calls in a row got no
    answer, the pauses grow: one call at a time finds out whether it is back (a circuit breaker).
    """
    now = clock.now()
    row, _ = ProviderStatus.objects.get_or_create(provider=provider)
    values = {"last_error": sanitised(str(error), 500), "last_error_at": now}
    if isinstance(error, ProviderUnavailableError) and not isinstance(error, RateLimitedError):
        values["unanswered_count"] = unanswered = row.unanswered_count + 1
        if unanswered >= UNANSWERED_FOR_PAUSE:
            _pause(provider, retry_delay(unanswered + 1 - UNANSWERED_FOR_PAUSE))
    record_limit(provider, error)
    ProviderStatus.objects.filter(provider=provider).update(**values)


def record_limit(provider: str, error: Exception) -> None:
    """Where one call was told to wait, no call is made before that time.

    All else about a failure is left out: that one run cannot be stopped, or has no log, says
    nothing about the provider.
    """
    default = DEFAULT_RETRY_AFTER if isinstance(error, RateLimitedError) else 0.0
    if isinstance(error, ProviderUnavailableError) and (wait := error.retry_after or default):
        _pause(provider, timedelta(seconds=wait))


def _pause(provider: str, wait: timedelta) -> None:
    """Call it no earlier than after `wait`; a shorter wait does not end a longer one."""
    until = clock.now() + wait
    ProviderStatus.objects.get_or_create(provider=provider)
    is_longer = Q(paused_until=None) | Q(paused_until__lt=until)
    ProviderStatus.objects.filter(is_longer, provider=provider).update(paused_until=until)


@contextmanager
def limits_heard(provider: str) -> Iterator[None]:
    """Make a call of which nothing else is recorded: what it is told about waiting holds for
    every call, and while such a wait lasts it is not made."""
    if is_paused(provider):
        raise RateLimitedError(provider, "not called while it wants us to wait")
    try:
        yield
    except ProviderError as error:
        record_limit(provider, error)
        raise


def record_description(provider: str, description: Description) -> None:
    """Store what it can do now; pages read this instead of calling it."""
    now = clock.now()
    row, _ = ProviderStatus.objects.get_or_create(provider=provider)
    ProviderStatus.objects.update_or_create(
        provider=provider,
        defaults={
            # A unit is seldom a step, so prices are compared with what they were, never summed.
            "first_prices": {**description.unit_prices, **row.first_prices},
            "description": {name: _short(value) for name, value in asdict(description).items()},
            "described_at": now,
            **_answered(now),
        },
    )


def _short(value: Any) -> Any:
    """What is kept of one field: every page reads it, so nothing of it may be long."""
    match value:
        case str():
            return sanitised(value, SHORT_TEXT)
        case tuple():
            return [_short(one) for one in value[:SHORT_LIST]]
        case dict():
            return {name: _short(one) for name, one in value.items()}
        case int() | float() if value > LONGEST_TRAINING:
            return None
    return value


@contextmanager
def polling_lease(provider: str) -> Iterator[bool]:
    """Hold the right to poll `provider`; False where another worker holds it or the provider
    limits our rate. A slow provider keeps it: it is renewed until the block ends."""
    ProviderStatus.objects.get_or_create(provider=provider)
    now, lease = clock.now(), uuid.uuid4()
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    may_call = Q(paused_until=None) | Q(paused_until__lt=now)
    rows = ProviderStatus.objects.filter(free, may_call, provider=provider)
    is_held = bool(rows.update(lease=lease, lease_until=now + POLL_LEASE))
    if not is_held:
        yield False
        return
    held = ProviderStatus.objects.filter(provider=provider, lease=lease)
    try:
        with beside(lambda done: _renew_until(done, held), patience=POLL_LEASE.total_seconds()):
            yield True
    finally:
        held.update(lease=None, lease_until=None)


def since_last_poll(provider: str) -> timedelta:
    """Return how long ago the last poll of a provider began, and note that one begins now.

    Called by whoever holds the lease. One that was never polled was so a sweep ago.
    """
    rows, now = ProviderStatus.objects.filter(provider=provider), clock.now()
    last = rows.values_list("polled_at", flat=True).first()
    rows.update(polled_at=now)
    return now - (last or now - timedelta(seconds=SHORTEST))


def _renew_until(done: threading.Event, held: QuerySet[ProviderStatus]) -> None:
    renew_until(
        done,
        lambda: bool(held.update(lease_until=clock.now() + POLL_LEASE)),
        lease=POLL_LEASE.total_seconds(),
        at_most=LONGEST_POLL.total_seconds(),
    )


def paused() -> list[str]:
    """Keys of providers that must not be called yet."""
    rows = ProviderStatus.objects.filter(paused_until__gt=clock.now())
    return list(rows.values_list("provider", flat=True))


def is_paused(provider: str) -> bool:
    """Whether one provider must not be called yet."""
    return provider in paused()


def _describe_every(provider: str) -> timedelta:
    return max(DESCRIBE_EVERY, registry.CLASSES[provider].describe_every)


def is_description_due(provider: str) -> bool:
    """Whether the provider has not been asked lately what it can do."""
    row = ProviderStatus.objects.filter(provider=provider).first()
    if row is None:
        return True
    times = [moment for moment in (row.described_at, row.last_error_at) if moment]
    return not times or abs(clock.now() - max(times)) > _describe_every(provider)
