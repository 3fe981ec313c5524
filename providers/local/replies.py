"""From the bundled trainer's own additions to our values. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from providers.http.calls import Reply

ENGINE_HEADER = "X-Trainer-Engine"


def engine(reply: Reply) -> str:
    """Return the name of the engine at work, "" where the reply names none."""
    return reply.headers.get(ENGINE_HEADER, "") or str((reply.data or {}).get("engine", ""))


def training_seconds(reply: Reply) -> float | None:
    """Return how long a usual training takes, None where the reply does not say."""
    data: Mapping[str, Any] = reply.data or {}
    seconds = data.get("training_seconds")
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        return None
    return float(seconds) if math.isfinite(seconds) and seconds > 0 else None
