"""Keeping a right that expires for as long as a block of work goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import DatabaseError, connection

RENEWALS_PER_LEASE = 3


@contextmanager
def beside(work: Callable[[threading.Event], None], *, patience: float) -> Iterator[None]:
    """Do `work` in a thread beside the block; its event is set when the block ends."""
    done = threading.Event()
    thread = threading.Thread(target=work, args=(done,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(timeout=patience)


def renew_until(
    done: threading.Event, renew: Callable[[], bool], *, lease: float, at_most: float
) -> None:
    """Renew a lease of `lease` seconds until `done`, or until it is lost, or for `at_most`
    seconds: work that takes longer hangs, and others must take over."""
    hangs_at = time.monotonic() + at_most
    try:
        while not done.wait(lease / RENEWALS_PER_LEASE):
            if time.monotonic() > hangs_at:
                return
            try:
                if not renew():
                    return
            except DatabaseError:
                continue  # a busy or restarting database: the lease bridges two renewals
    finally:
        connection.close()
