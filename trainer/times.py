"""Moments as Together writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache


@lru_cache(maxsize=32_768)  # lists repeat the same moments for thousands of runs
def iso(seconds: float | None) -> str | None:
    """Return seconds since 1970 as "2026-11-01T10:00:00.123Z"."""
    if seconds is None:
        return None
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seconds(text: str) -> float:
    """Return an ISO 8601 text as seconds since 1970; raise ValueError where it is none."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
