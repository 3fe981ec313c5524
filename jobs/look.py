"""Asking a provider what it can do, so that pages need not."""

from __future__ import annotations

from datetime import timedelta

from jobs import clock, strays, watch
from jobs.models import JobQueue
from providers import registry
from providers.base import Provider
from providers.errors import ProviderError
from providers.types import Capability, WorkKind

# A lost call can turn up at the provider long after its job was given up.
STRAYS_WITHIN = timedelta(days=7)


def look_at(provider_key: str) -> None:
    """Store what the provider can do now, and stop runs that nobody follows.

    One worker at a time: a provider that hangs must not hold up all of them.
    """
    with watch.polling(provider_key) as is_held:
        if not is_held:
            return
        provider = registry.get(provider_key)
        try:
            watch.described(provider_key, provider.describe())
            _stop_strays(provider)
        except ProviderError as error:
            watch.failed(provider_key, error)


def _stop_strays(provider: Provider) -> None:
    if Capability.LIST_TRAININGS not in provider.capabilities:
        return
    recent = JobQueue.objects.filter(
        provider=provider.key,
        kind=WorkKind.TRAINING,
        state_changed_at__gt=clock.now() - STRAYS_WITHIN,
    )
    if recent.exists():
        strays.stop(provider, provider.list_runs(WorkKind.TRAINING).runs)
