"""The loss curve of a run, as Together's /metrics answers it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from trainer.errors import invalid
from trainer.runs.records import Run
from trainer.runs.store import Point
from trainer.times import seconds

MAX_POINTS = 500
MAX_DIGITS = 12


def metrics(run: Run, points: Sequence[Point], query: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the points the documented query asks for: from, to, resolution.

    At most 500, evenly thinned, the newest always among them.
    """
    first = _number(query, "global_step_from", 0)
    last = _number(query, "global_step_to", 10**MAX_DIGITS - 1)
    since = _moment(query, "logged_at_from", -math.inf)
    until = _moment(query, "logged_at_to", math.inf)
    chosen = [point for point in points if first <= point[0] <= last and since <= point[3] <= until]
    most = _number(query, "resolution", MAX_POINTS)
    return [_answer(run, point) for point in thin(chosen, max(1, min(most, MAX_POINTS)))]


def thin(points: Sequence[Point], most: int) -> list[Point]:
    """Keep `most` points, evenly spread and with the last one."""
    count = len(points)
    if count <= most:
        return list(points)
    return [points[(at + 1) * count // most - 1] for at in range(most)]


def _answer(run: Run, point: Point) -> dict[str, Any]:
    step, loss, learning_rate, _ = point
    return {
        "train/global_step": step,
        "train/epoch": round(run.request.n_epochs * step / run.total_steps, 4),
        "train/loss": loss,
        "train/learning_rate": learning_rate,
    }


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not text.isascii() or not text.isdecimal() or len(text) > MAX_DIGITS:
        raise invalid(f"{name} must be a whole number.", name)
    return int(text)


def _moment(query: Mapping[str, str], name: str, default: float) -> float:
    try:
        return seconds(query[name]) if name in query else default
    except (ValueError, OverflowError):
        raise invalid(f"{name} must be an ISO 8601 time.", name) from None
