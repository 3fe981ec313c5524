"""Moments and lifetimes as fal writes them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from emulators.fal.errors import FalError


def iso(seconds: float) -> str:
    """Return seconds since 1970 as "2026-11-01T10:00:00.123456+00:00"."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")


def seconds_of(text: str) -> float:
    """Return an ISO 8601 text as seconds since 1970; raise a 422 where it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise FalError(422, f"{text[:40]!r} is no ISO 8601 time", "bad_request") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def lifecycle(header: str) -> tuple[float, dict[str, Any]]:
    """Read an object lifecycle header: return a file's lifetime in seconds, and its ACL.

    0 stands for a file that never expires. Raises a 422 for what is not understood.
    """
    try:
        values = json.loads(header) if header else {}
        lifetime = float(values.get("expiration_duration_seconds") or 0)
        acl = dict(values.get("initial_acl") or {})
    except (ValueError, TypeError, AttributeError):
        raise FalError(422, "The object lifecycle is not understood", "bad_request") from None
    return lifetime, acl
