"""How long runs stay unseen, sampled while everything else happens."""

from __future__ import annotations

import threading
from contextlib import suppress

EVERY = 0.5  # seconds
# Whatever happens meanwhile: longer than the longest accident, and the start of new processes.
NEGLECTED_AFTER = 30.0


class Sampler:
    """Notes, until it is stopped, how long ago each running job was seen last."""

    def __init__(self) -> None:
        self.longest: dict[str, float] = {}  # seconds, by job
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin to sample, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """End; call this before the database goes away for good."""
        self._stop.set()
        self._thread.join()

    def neglected(self) -> list[str]:
        """The jobs whose runs stayed unseen for too long."""
        return [job for job, seconds in self.longest.items() if seconds > NEGLECTED_AFTER]

    def summary(self) -> str:
        """The times as one line."""
        times = sorted(self.longest.values()) or [0.0]
        median, worst = times[len(times) // 2], times[-1]
        return f"longest unseen per run: median {median:.1f} s, worst {worst:.1f} s"

    def _run(self) -> None:
        from django.db import Error, connection

        while not self._stop.wait(EVERY):
            with suppress(Error):  # the database may be part of the accident
                self._sample()
            with suppress(Error):
                connection.close()

    def _sample(self) -> None:
        from jobs import clock
        from jobs.models import JobQueue
        from jobs.states import Status

        now = clock.now()
        seen = JobQueue.objects.filter(status=Status.RUNNING).values_list("pk", "last_seen_at")
        for pk, at in seen:
            if at is not None:
                seconds = (now - at).total_seconds()
                self.longest[str(pk)] = max(self.longest.get(str(pk), 0.0), seconds)
