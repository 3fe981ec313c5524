"""Watching a job from a terminal. It only reads: closing it changes nothing."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Protocol

from django.utils import timezone

from jobs.messages import explain
from jobs.models import JobQueue
from jobs.states import Status

LOOK_EVERY = 1.0  # seconds
# A running worker takes a queued job up within two beats of its clock.
WORKER_IS_LATE = timedelta(seconds=15)
BAR_WIDTH = 30


class StoppedWaitingError(Exception):
    """The person stopped waiting; the job goes on."""


class Terminal(Protocol):
    def write(self, msg: str, style_func: None = None, ending: str | None = None) -> None: ...

    def isatty(self) -> bool: ...


class Watcher:
    """Shows a job's progress until it is over: one moving line, or few lines into a file."""

    def __init__(self, out: Terminal, err: Terminal) -> None:
        self._out = out
        self._err = err
        self._said = ""
        self._is_worker_missed = False

    def watch(self, job: JobQueue) -> None:
        """Return once `job` (read anew) is over. Raises StoppedWaitingError on Ctrl-C."""
        try:
            while True:
                job.refresh_from_db()
                self._show(job)
                if job.is_over:
                    break
                self._ask_for_the_worker(job)
                time.sleep(LOOK_EVERY)
        except KeyboardInterrupt:
            raise StoppedWaitingError(
                "Stopped waiting; the training goes on. Look again with: "
                f"manage.py jobs explain {str(job.pk)[:8]}"
            ) from None
        if self._out.isatty():
            self._out.write("")

    def _show(self, job: JobQueue) -> None:
        if self._out.isatty():
            self._out.write(f"\r{progress_line(job)[:110]:<110}", ending="")
            return
        # Into a file or a pipe: a line per tenth is enough to read later.
        said = f"{job.status} {int(job.progress * 10)}"
        if said != self._said:
            self._said = said
            self._out.write(progress_line(job))

    def _ask_for_the_worker(self, job: JobQueue) -> None:
        late = timezone.now() - job.state_changed_at > WORKER_IS_LATE
        if job.status == Status.QUEUED and late and not job.error_code:
            if not self._is_worker_missed:
                self._err.write(
                    "\nNothing has moved for a while. Is the worker running? (make run)"
                )
            self._is_worker_missed = True


def progress_line(job: JobQueue) -> str:
    """One line about where a job stands: “[####------]  41 % Training · step 41 of 100”."""
    filled = int(job.progress * BAR_WIDTH)
    bar = "#" * filled + "-" * (BAR_WIDTH - filled)
    parts = [job.stage or explain(job).title]
    if job.step is not None and job.total_steps:
        parts.append(f"step {job.step} of {job.total_steps}")
    if job.eta_at and job.eta_at > timezone.now():
        parts.append(f"about {round((job.eta_at - timezone.now()).total_seconds())} s left")
    return f"[{bar}] {job.progress:4.0%} {' · '.join(parts)}"
