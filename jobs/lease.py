"""Keeping a claim alive while its work takes long."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError, connection

from jobs.models import JobQueue
from jobs.moves import LEASE, renew

RENEWALS_PER_LEASE = 3


@contextmanager
def kept_alive(job: JobQueue) -> Iterator[None]:
    """Renew the claim of `job` from a thread until the block ends.

    A killed or frozen process renews nothing, so others learn of it when the lease is out.
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
    try:
        while not done.wait(LEASE.total_seconds() / RENEWALS_PER_LEASE):
            try:
                if not renew(claim_only):
                    return
            except DatabaseError:
                continue  # a busy or restarting database: the lease bridges two renewals
    finally:
        connection.close()
