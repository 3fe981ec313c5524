"""Which job a log line is about, added to every line written while it is worked on."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # logging is set up before the tables are
    from jobs.models import JobQueue

_current: ContextVar[tuple[str, str]] = ContextVar("job", default=("", ""))


@contextmanager
def about(job: JobQueue) -> Iterator[None]:
    """Mark every log line of the block with the job's and its run's id."""
    token = _current.set((str(job.pk), job.run_id))
    try:
        yield
    finally:
        _current.reset(token)


class AddJob(logging.Filter):
    """Gives each record `job` and `run`, empty outside of a job's work."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.job, record.run = _current.get()
        return True
