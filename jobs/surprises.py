"""A surprise with one job stays its own: the others go on."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import OperationalError

from jobs import clock
from jobs.backoff import LONGEST
from jobs.models import JobQueue
from jobs.moves import IllegalMove

log = logging.getLogger(__name__)


@contextmanager
def kept_apart(job: JobQueue) -> Iterator[None]:
    """Work on one of many jobs: what goes wrong is logged, and this job is looked at later.

    A database that is away concerns them all and is raised.
    """
    try:
        yield
    except IllegalMove as error:
        log.info("job %s: somebody was first: %s", job.pk, error)
    except OperationalError:
        raise
    except Exception:
        log.exception("job %s: could not be worked on", job.pk)
        put_off(job)


def put_off(job: JobQueue) -> None:
    """Leave a job alone for a while; nothing else about it changes."""
    later = clock.now() + timedelta(seconds=LONGEST)
    JobQueue.objects.filter(pk=job.pk).update(next_poll_at=later)
