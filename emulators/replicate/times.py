"""Moments and lengths of time as Replicate writes them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_PARTS = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?", re.ASCII)


def stamp(seconds: float | None) -> str | None:
    """Return seconds since 1970 as "2026-11-01T10:00:00.123456Z"."""
    if seconds is None:
        return None
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def length(text: str) -> float | None:
    """Return the seconds of "90", "30s", "5m" or "1h30m"; None for anything else."""
    match = _PARTS.fullmatch(text.strip())
    if not match or not any(match.groups()):
        return None
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return float(hours * 3600 + minutes * 60 + seconds)
