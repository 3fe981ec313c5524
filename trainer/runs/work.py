"""One run in the hands of an engine."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from pathlib import Path

from trainer.runs.records import Run
from trainer.runs.store import RunStore

# Events of the runner, not of the engine.
OWN_EVENTS = frozenset(
    {"job_pending", "job_restarted", "cancel_requested", "job_stopped", "job_error", "job_complete"}
)


class Work:
    """One run while an engine works on it: where its files are, and where to report.

    No answer tells of an event before it is on the disk. Progress and losses are written within
    seconds, so an engine that resumes after a crash may have to report its last ones again. Used
    on the event loop only.
    """

    def __init__(self, run: Run, store: RunStore, save_every: float) -> None:
        self.run = run
        self.folder: Path = store.folder(run)
        self._store = store
        self._save_every = save_every
        # The first write comes at a random moment: runs that started together, as they do after
        # a restart, would otherwise all write at the same moments.
        self._saved_at = run.elapsed - random.uniform(0, save_every)  # noqa: S311 - no secret

    def status(self, status: str) -> None:
        """Enter one of Together's states: running, compressing, uploading."""
        if status != self.run.status:
            self.run.status = status
            self._save()

    def event(self, kind: str, message: str, *, step: int | None = None) -> None:
        """Report an event, in one of Together's types."""
        self._store.add_event(self.run, kind, message, step=step)

    async def event_count(self) -> int:
        """Return how many events the engine has reported, in earlier processes too."""
        events = await self._store.events(self.run)
        return sum(event["type"] not in OWN_EVENTS for event in events)

    def progress(self, *, elapsed: float, step: int, seconds_left: float) -> None:
        """Report how far the run is; written every few seconds of work.

        `elapsed` is in `run` again after a restart.
        """
        run = self.run
        run.elapsed, run.step, run.seconds_left = elapsed, max(step, run.step), seconds_left
        run.updated_at = time.time()
        if elapsed - self._saved_at >= self._save_every:
            self._save()

    def losses(self, points: Sequence[tuple[int, float, float]]) -> None:
        """Record (step, loss, learning rate) points, each step once and in order."""
        self._store.add_losses(self.run, points)

    def save(self) -> None:
        """Write what was reported; it need not wait for its turn where one run has a card."""
        self._save()

    async def last_loss_step(self) -> int:
        """Return the last recorded step, 0 where there is none."""
        known = await self._store.losses(self.run)
        return known[-1][0] if known else 0

    def _save(self) -> None:
        self._saved_at = self.run.elapsed
        self._store.save(self.run)
