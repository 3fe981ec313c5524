"""Following a job in a terminal. It only reads: ending it changes nothing."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Protocol

from django.utils import timezone
from django.utils.translation import gettext

from jobs.messages import explain
from jobs.models import JobQueue
from jobs.states import Status

POLL_INTERVAL = 1.0  # seconds
# A running worker takes a queued job within two sweeps.
WORKER_PATIENCE = timedelta(seconds=15)
BAR_WIDTH = 30


class StoppedWaitingError(Exception):
    """The person stopped waiting; the job continues."""


class Terminal(Protocol):
    def write(self, msg: str, style_func: None = None, ending: str | None = None) -> None: ...

    def isatty(self) -> bool: ...


class Watcher:
    """Shows a job's progress until it is over: one live line, or few lines into a file."""

    def __init__(self, out: Terminal, err: Terminal) -> None:
        self._out = out
        self._err = err
        self._last_tenth = ""
        self._has_warned = False

    def watch(self, job: JobQueue) -> None:
        """Return once `job`, which is refreshed, is over. Raises StoppedWaitingError on Ctrl-C."""
        try:
            while True:
                job.refresh_from_db()
                self._show(job)
                if job.is_over:
                    break
                self._warn_of_missing_worker(job)
                time.sleep(POLL_INTERVAL)
        except KeyboardInterrupt:
            text = gettext("Stopped waiting; the training continues. To see it: %(command)s")
            command = f"manage.py jobs explain {str(job.pk)[:8]}"
            raise StoppedWaitingError(text % {"command": command}) from None
        if self._out.isatty():
            self._out.write("")

    def _show(self, job: JobQueue) -> None:
        if self._out.isatty():
            self._out.write(f"\r{progress_line(job)[:110]:<110}", ending="")
            return
        # Into a file or a pipe: a line per tenth is enough to read later.
        tenth = f"{job.status} {int(job.progress * 10)}"
        if tenth != self._last_tenth:
            self._last_tenth = tenth
            self._out.write(progress_line(job))

    def _warn_of_missing_worker(self, job: JobQueue) -> None:
        is_late = timezone.now() - job.state_changed_at > WORKER_PATIENCE
        if self._has_warned or job.status != Status.QUEUED or not is_late or job.error_code:
            return
        text = gettext("The job has been waiting for a while. Is the worker running? (make run)")
        self._err.write(f"\n{text}")
        self._has_warned = True


def progress_line(job: JobQueue) -> str:
    """Return where a job stands in one line: “[###---]  41% Training · step 41 of 100”."""
    filled = int(job.progress * BAR_WIDTH)
    bar = "#" * filled + "-" * (BAR_WIDTH - filled)
    parts = [gettext(job.stage) if job.stage else explain(job).title]
    if job.step is not None and job.total_steps:
        step = {"step": job.step, "total": job.total_steps}
        parts.append(gettext("step %(step)d of %(total)d") % step)
    if job.eta_at and job.eta_at > timezone.now():
        seconds = round((job.eta_at - timezone.now()).total_seconds())
        parts.append(gettext("about %(seconds)d s left") % {"seconds": seconds})
    return f"[{bar}] {job.progress:4.0%} {' · '.join(parts)}"
