"""Keeping a claim alive while its work takes long."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import DatabaseError, connection

from jobs.engine.transitions import LEASE, renew
from jobs.models import JobQueue

RENEWALS_PER_LEASE = 3
# Longer than the slowest download. Work that takes longer hangs, and others must take over.
LONGEST_WORK = timedelta(hours=1)


@contextmanager
def renewed_lease(job: JobQueue) -> Iterator[None]:
    """Renew the claim of `job` from a thread until the block ends.

    A killed or frozen process renews nothing, so others take over when the lease expires;
    they also do when the work hangs for longer than LONGEST_WORK.
    """
    done = threading.Event()
    thread = threading.Thread(target=_renew_until, args=(job, done), daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(timeout=LEASE.total_seconds())


def _renew_until(job: JobQueue, done: threading.Event) -> None:
    claim_only = JobQueue(pk=job.pk, claim=job.claim)
    hangs_at = time.monotonic() + LONGEST_WORK.total_seconds()
    try:
        while not done.wait(LEASE.total_seconds() / RENEWALS_PER_LEASE):
            if time.monotonic() > hangs_at:
                return
            try:
                if not renew(claim_only):
                    return
            except DatabaseError:
                continue  # a busy or restarting database: the lease bridges two renewals
    finally:
        connection.close()
