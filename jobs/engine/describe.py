"""Asking a provider what it can do, so that pages need not."""

from __future__ import annotations

from datetime import timedelta

from jobs import clock
from jobs.engine import orphans, provider_status
from jobs.models import JobQueue
from providers import registry
from providers.base import Provider
from providers.errors import ProviderError
from providers.types import FINDING, WorkKind

# A lost call can appear at the provider long after its job was abandoned.
ORPHANS_WITHIN = timedelta(days=7)


def describe(provider_key: str) -> None:
    """Store what the provider can do now, and stop orphan runs.

    One worker at a time: a provider that hangs must not hold up all of them.
    """
    with provider_status.polling_lease(provider_key) as is_held:
        if not is_held:
            return
        provider = registry.get(provider_key)
        try:
            provider_status.record_description(provider_key, provider.describe())
            _stop_orphans(provider)
        except ProviderError as error:
            provider_status.record_failure(provider_key, error)


def _stop_orphans(provider: Provider) -> None:
    since = clock.now() - ORPHANS_WITHIN
    recent = JobQueue.objects.filter(provider=provider.key, state_changed_at__gt=since)
    for kind in WorkKind:
        if FINDING[kind] in provider.capabilities and recent.filter(kind=kind).exists():
            orphans.stop_orphans(provider, provider.list_runs(kind, since).runs)
