"""Garbage is collected between tests only.

In Python 3.11 a collection may begin within the setting of a context variable; a finaliser that
sets another one (a greenlet's, say) then frees what is still read: values of other tests turn up,
or the process crashes (python/cpython#148891). Between tests nothing is being set.
"""

from __future__ import annotations

import gc

EVERY = 10  # tests


class Collections:
    """Counts the tests since the last collection; only where tests run, which is not the process
    that hands them out to others."""

    def __init__(self) -> None:
        self.tests = 0

    def note_test(self) -> None:
        self.tests += 1
        if self.tests % EVERY == 0:
            gc.collect()


_collections = Collections()


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()  # what is imported stays: a collection then takes milliseconds
    gc.disable()


def pytest_runtest_logfinish() -> None:
    if not gc.isenabled():
        _collections.note_test()


def pytest_unconfigure() -> None:
    gc.enable()
    gc.unfreeze()
