"""How fast a training goes, measured from the first step that was seen, and when it ends. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from jobs.models import JobQueue

# The rate needs a few steps before it says anything about the time left.
LEAST_SHARE_FOR_RATE = 0.02
YEAR = 365 * 24 * 3600.0  # seconds


def measured(job: JobQueue, step: int | None, now: datetime) -> dict[str, Any]:
    """Return from which step on, and since when, the rate is measured, as column values."""
    is_first_step = bool(step) and job.first_step is None
    return {
        "first_step": step if is_first_step else job.first_step,
        "first_step_at": now if is_first_step else job.first_step_at,
    }


def time_of_end(
    job: JobQueue,
    step: int | None,
    total: int | None,
    now: datetime,
    seconds_left: float | None,
) -> datetime | None:
    """Return when the training ends at the measured step rate, or as the provider estimates.

    None where neither is known: no time is better than an invented one.
    """
    if step and total and job.first_step_at and job.first_step is not None and step < total:
        done = step - job.first_step
        if done >= max(LEAST_SHARE_FOR_RATE * total, 1):
            seconds_left = (now - job.first_step_at).total_seconds() * (total - step) / done
    if seconds_left is None or not 0 <= seconds_left < YEAR:
        return None
    return now + timedelta(seconds=seconds_left)
