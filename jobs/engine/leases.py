"""Keeping a claim alive while its work takes long."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from jobs.engine.renewal import beside, renew_until
from jobs.engine.transitions import LEASE, renew
from jobs.models import JobQueue

# Longer than the slowest download. Work that takes longer hangs, and others must take over.
LONGEST_WORK = timedelta(hours=1)


@contextmanager
def renewed_lease(job: JobQueue) -> Iterator[None]:
    """Renew the claim of `job` from a thread until the block ends.

    A killed or frozen process renews nothing, so others take over when the lease expires;
    they also do when the work hangs for longer than LONGEST_WORK.
    """
    with beside(lambda done: _renew_until(job, done), patience=LEASE.total_seconds()):
        yield


def _renew_until(job: JobQueue, done: threading.Event) -> None:
    claim_only = JobQueue(pk=job.pk, claim=job.claim)
    renew_until(
        done,
        lambda: renew(claim_only),
        lease=LEASE.total_seconds(),
        at_most=LONGEST_WORK.total_seconds(),
    )
