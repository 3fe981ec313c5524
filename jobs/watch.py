"""What we last heard from each provider, shared by every process through the database."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta

from django.db.models import Q

from jobs import clock
from jobs.events import storable
from jobs.models import ProviderWatch
from providers.errors import ProviderError, RateLimited
from providers.types import Description

# One poll of a provider: a list call, some single calls, some logs, each with a timeout.
POLL_LEASE = timedelta(seconds=60)
LOOK_EVERY = timedelta(seconds=30)


def answered(provider: str) -> None:
    """It answered, whatever it said: it is there."""
    ProviderWatch.objects.update_or_create(
        provider=provider, defaults={"last_answer_at": clock.now(), "last_error": ""}
    )


def failed(provider: str, error: ProviderError) -> None:
    """It did not answer, or asked us to wait: then nobody calls before that time."""
    now = clock.now()
    values = {"last_error": storable(str(error), 500), "last_error_at": now}
    if isinstance(error, RateLimited):
        values["blocked_until"] = now + timedelta(seconds=error.retry_after or 5.0)
    ProviderWatch.objects.update_or_create(provider=provider, defaults=values)


def described(provider: str, description: Description) -> None:
    """Store what it can do now; pages read this instead of calling out."""
    now = clock.now()
    ProviderWatch.objects.update_or_create(
        provider=provider,
        defaults={
            "description": asdict(description),
            "described_at": now,
            "last_answer_at": now,
            "last_error": "",
        },
    )


@contextmanager
def polling(provider: str) -> Iterator[bool]:
    """Hold the right to ask `provider`; gives False where another worker holds it, or where
    the provider asked for time."""
    ProviderWatch.objects.get_or_create(provider=provider)
    now, lease = clock.now(), uuid.uuid4()
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    may_call = Q(blocked_until=None) | Q(blocked_until__lt=now)
    rows = ProviderWatch.objects.filter(free, may_call, provider=provider)
    is_held = bool(rows.update(lease=lease, lease_until=now + POLL_LEASE))
    try:
        yield is_held
    finally:
        if is_held:
            ProviderWatch.objects.filter(provider=provider, lease=lease).update(
                lease=None, lease_until=None
            )


def blocked() -> list[str]:
    """Keys of providers that asked not to be called yet."""
    rows = ProviderWatch.objects.filter(blocked_until__gt=clock.now())
    return list(rows.values_list("provider", flat=True))


def is_look_due(provider: str) -> bool:
    """Whether nobody has asked lately what the provider can do."""
    row = ProviderWatch.objects.filter(provider=provider).first()
    if row is None:
        return True
    times = [moment for moment in (row.described_at, row.last_error_at) if moment]
    return not times or clock.now() - max(times) > LOOK_EVERY
