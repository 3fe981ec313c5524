"""The loss curve of a run, as Together's /metrics answers it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trainer.errors import invalid
from trainer.runs.records import Run
from trainer.runs.store import Point
from trainer.times import seconds

MAX_POINTS = 500


def metrics(run: Run, points: Sequence[Point], query: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the points the documented query asks for: from, to, resolution.

    At most 500, evenly thinned, the newest always among them.
    """
    first, last = _number(query, "global_step_from"), _number(query, "global_step_to")
    since, until = _moment(query, "logged_at_from"), _moment(query, "logged_at_to")
    chosen = [
        point
        for point in points
        if (first is None or point[0] >= first)
        and (last is None or point[0] <= last)
        and (since is None or point[3] >= since)
        and (until is None or point[3] <= until)
    ]
    wanted = _number(query, "resolution")
    most = MAX_POINTS if wanted is None else max(1, min(wanted, MAX_POINTS))
    return [_answer(run, point) for point in thin(chosen, most)]


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


def _number(query: Mapping[str, str], name: str) -> int | None:
    text = query.get(name)
    if text is None:
        return None
    if not text.isascii() or not text.isdecimal() or len(text) > 12:
        raise invalid(f"{name} must be a whole number.", name)
    return int(text)


def _moment(query: Mapping[str, str], name: str) -> float | None:
    text = query.get(name)
    if text is None:
        return None
    try:
        return seconds(text)
    except (ValueError, OverflowError):
        raise invalid(f"{name} must be an ISO 8601 time.", name) from None
