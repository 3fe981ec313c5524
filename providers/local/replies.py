"""From the bundled trainer's own additions to our values. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from providers.http.calls import Reply, engine_of
from providers.together.replies import moment, number


def engine(reply: Reply) -> str:
    """Return the name of the engine at work, "" where the reply names none."""
    return engine_of(reply) or str((reply.data or {}).get("engine", ""))


def training_seconds(reply: Reply) -> float | None:
    """Return how long a usual training takes, None where the reply does not say."""
    seconds = number((reply.data or {}).get("training_seconds"))
    return seconds if seconds and seconds > 0 else None


def complete_since(data: Mapping[str, Any]) -> datetime | None:
    """Return since when a list lacks nothing, None where it does not say that it forgets."""
    return moment(data.get("complete_since"))
