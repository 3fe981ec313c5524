"""An unexpected error with one job stays with that job: the others continue."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import OperationalError

from jobs import clock
from jobs.engine.backoff import LONGEST
from jobs.engine.row_locks import is_row_locked
from jobs.engine.transitions import TransitionError
from jobs.models import JobQueue

log = logging.getLogger(__name__)


@contextmanager
def isolated(job: JobQueue) -> Iterator[None]:
    """Work on one of many jobs: an error is logged, and this job is postponed.

    A database that is away concerns all of them and is raised; a locked row does not.
    """
    try:
        yield
    except TransitionError as error:
        log.info("job %s: already changed by another process: %s", job.pk, error)
    except OperationalError as error:
        if not is_row_locked(error):
            raise
        log.warning("job %s: skipped, its row is locked by another session", job.pk)
    except Exception:
        log.exception("job %s: skipped after an unexpected error", job.pk)
        postpone(job)


def postpone(job: JobQueue) -> None:
    """Leave a job alone for a while, unless it changed; nothing else about it changes."""
    later = clock.now() + timedelta(seconds=LONGEST)
    JobQueue.objects.filter(pk=job.pk, version=job.version).update(next_poll_at=later)


@contextmanager
def isolated_part(name: str) -> Iterator[None]:
    """Do one part of a larger work: an error is logged, and the other parts go on.

    A database that is away concerns all of them and is raised; a locked row does not.
    """
    try:
        yield
    except OperationalError as error:
        if not is_row_locked(error):
            raise
        log.info("%s: cut short, a row is locked by another session", name)
    except Exception:
        log.exception("%s: cut short by an unexpected error", name)
