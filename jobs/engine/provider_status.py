"""What a provider last answered, shared by every process through the database."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from jobs import clock
from jobs.engine.backoff import retry_delay
from jobs.models import ProviderStatus
from providers.errors import ProviderError, ProviderUnavailableError, RateLimitedError
from providers.redaction import sanitised
from providers.types import Description

# One poll of a provider: a list call, some single calls, some logs, each with a timeout.
POLL_LEASE = timedelta(seconds=60)
DESCRIBE_EVERY = timedelta(seconds=30)
UNANSWERED_FOR_PAUSE = 3
DEFAULT_RETRY_AFTER = 5.0  # seconds, where a rate limit names no time


def record_answer(provider: str) -> None:
    """It answered, whatever the answer: it is available."""
    ProviderStatus.objects.update_or_create(provider=provider, defaults=_answered(clock.now()))


def _answered(now: datetime) -> dict[str, Any]:
    return {"last_answer_at": now, "last_error": "", "unanswered_count": 0}


def record_failure(provider: str, error: ProviderError) -> None:
    """It did not answer, or limits our rate: then no worker calls it before that time.

    A rate limit names the time. Where several calls in a row got no answer, the pauses grow:
    one call at a time finds out whether it is back (a circuit breaker).
    """
    now = clock.now()
    row, _ = ProviderStatus.objects.get_or_create(provider=provider)
    values = {"last_error": sanitised(str(error), 500), "last_error_at": now}
    if isinstance(error, RateLimitedError):
        wait = error.retry_after or DEFAULT_RETRY_AFTER
        values["paused_until"] = now + timedelta(seconds=wait)
    elif isinstance(error, ProviderUnavailableError):
        values["unanswered_count"] = row.unanswered_count + 1
        if row.unanswered_count + 1 >= UNANSWERED_FOR_PAUSE:
            failures = row.unanswered_count + 2 - UNANSWERED_FOR_PAUSE
            values["paused_until"] = now + retry_delay(failures, error.retry_after)
    ProviderStatus.objects.filter(provider=provider).update(**values)


def record_description(provider: str, description: Description) -> None:
    """Store what it can do now; pages read this instead of calling it."""
    now = clock.now()
    ProviderStatus.objects.update_or_create(
        provider=provider,
        defaults={
            "description": asdict(description),
            "described_at": now,
            **_answered(now),
        },
    )


@contextmanager
def polling_lease(provider: str) -> Iterator[bool]:
    """Hold the right to poll `provider`; False where another worker holds it or the provider
    limits our rate."""
    ProviderStatus.objects.get_or_create(provider=provider)
    now, lease = clock.now(), uuid.uuid4()
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    may_call = Q(paused_until=None) | Q(paused_until__lt=now)
    rows = ProviderStatus.objects.filter(free, may_call, provider=provider)
    is_held = bool(rows.update(lease=lease, lease_until=now + POLL_LEASE))
    try:
        yield is_held
    finally:
        if is_held:
            ProviderStatus.objects.filter(provider=provider, lease=lease).update(
                lease=None, lease_until=None
            )


def paused() -> list[str]:
    """Keys of providers that must not be called yet."""
    rows = ProviderStatus.objects.filter(paused_until__gt=clock.now())
    return list(rows.values_list("provider", flat=True))


def is_description_due(provider: str) -> bool:
    """Whether the provider has not been asked lately what it can do."""
    row = ProviderStatus.objects.filter(provider=provider).first()
    if row is None:
        return True
    times = [moment for moment in (row.described_at, row.last_error_at) if moment]
    return not times or clock.now() - max(times) > DESCRIBE_EVERY
