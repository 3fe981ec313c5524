"""Garbage is collected between tests only.

In Python 3.11 a collection may begin within the setting of a context variable; a finaliser that
sets another one (a greenlet's, say) then frees what is still read: values of other tests turn up,
or the process crashes (python/cpython#148891). Between tests nothing is being set. It also makes a
warning about something that was never closed the warning of the test that left it open.
"""

from __future__ import annotations

import gc


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()  # what is imported stays: a collection then takes milliseconds
    gc.disable()


def pytest_runtest_logfinish() -> None:
    gc.collect()


def pytest_unconfigure() -> None:
    gc.enable()
    gc.unfreeze()
