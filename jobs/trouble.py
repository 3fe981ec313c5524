"""Conditions that find jobs an operator should look at."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from jobs.states import UNFINISHED, Status

# As `selectors.is_stuck` says of one job.
STUCK_AFTER = timedelta(minutes=10)


def unclear() -> Q:
    """The paid call left and its answer was lost."""
    return Q(status=Status.UNKNOWN)


def stuck() -> Q:
    """Not over, and nothing was heard of it for long."""
    limit = timezone.now() - STUCK_AFTER
    silent = Q(last_seen_at__lt=limit) | Q(last_seen_at=None, created_at__lt=limit)
    return Q(status__in=sorted(UNFINISHED)) & silent


def failed_since(moment: datetime) -> Q:
    return Q(status=Status.FAILED, finished_at__gte=moment)


def alarmed() -> Q:
    """The engine has raised a flag, for example because a second run turned up."""
    return ~Q(alarm="")
