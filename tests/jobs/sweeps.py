"""The time between two polls, without waiting for it."""

from datetime import timedelta

from django.utils import timezone

from jobs.engine.backoff import SHORTEST
from jobs.models import ProviderStatus


def a_sweep_passes() -> None:
    """Two seconds pass for every provider's budget of calls."""
    ProviderStatus.objects.update(polled_at=timezone.now() - timedelta(seconds=SHORTEST))
