"""Runs that end among thousands that do not: how long until somebody knows."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from bench.installation import Installation
from bench.trainers import HOSTED

COUNT = 20
Start = Callable[[str, int], None]


class Endings:
    """A few runs at each emulator of a hosted service that end while we watch."""

    def __init__(self, site: Installation, seconds: float) -> None:
        self._site, self.seconds = site, seconds
        self._end_at: dict[str, float] = {}  # seconds since 1970, by provider

    def begin(self, start: Start) -> None:
        """Have `start` start them (at a provider, so many): each takes `seconds`."""
        for trainer in self._site.trainers:
            if trainer.provider in HOSTED:
                part = self._site.parts[trainer.provider]
                part.kill()
                part.command = trainer.paced(self.seconds)
                part.start()
                self._end_at[trainer.provider] = time.time() + self.seconds
                start(trainer.provider, COUNT)

    def report(self) -> list[str]:
        """Return for each provider how long after their end they were known to be over.

        All of a provider's count as if they had ended when the first did: some are a little later.
        """
        from jobs.models import JobEvent

        lines = []
        for provider, moment in self._end_at.items():
            ended = JobEvent.objects.filter(kind="state", text="finishing", job__provider=provider)
            first = datetime.fromtimestamp(moment, UTC)
            late = sorted((at - first).total_seconds() for at in ended.values_list("at", flat=True))
            known = ", ".join(f"{seconds:.0f}" for seconds in late)
            lines.append(f"{provider}: {len(late)} of {COUNT} ends were known after s: {known}")
        return lines
