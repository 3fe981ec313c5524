"""A machine whose clock is wrong: `BENCH_CLOCK_SKEW` seconds ahead (or behind), in one process."""

from __future__ import annotations

import os
import time

VARIABLE = "BENCH_CLOCK_SKEW"


def skew() -> None:
    """Shift every wall clock that our code reads; the monotonic ones stay, as on real machines."""
    seconds = float(os.environ.get(VARIABLE) or 0)
    if not seconds:
        return
    from datetime import timedelta

    from django.utils import timezone

    true_time, true_now = time.time, timezone.now
    time.time = lambda: true_time() + seconds
    timezone.now = lambda: true_now() + timedelta(seconds=seconds)
