"""Beat whose schedule survives a machine's clock being set back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from celery.beat import PersistentScheduler


class SteadyScheduler(PersistentScheduler):
    """Takes a task that last ran in the future as one that ran just now.

    Celery waits until the interval after its last run has passed on the wall clock: a clock that
    is set back by an hour, by NTP or in a virtual machine that was paused, would stop the sweep,
    and so everything, for that hour.
    """

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due; return the seconds until the next is."""
        late = [entry for entry in self.schedule.values() if _is_in_future(entry)]
        for entry in late:
            entry.last_run_at = entry.default_now()
        if late:
            self._heap = None  # Celery builds it anew from the entries
        wait: float = super().tick(*args, **kwargs)
        return wait


def _is_in_future(entry: Any) -> bool:
    last, now = entry.last_run_at, entry.default_now()
    return isinstance(last, datetime) and bool(last > now)
