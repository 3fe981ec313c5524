"""Nobody opens SQLite's file in the process that uses it.

POSIX forgets all locks that a process has on a file as soon as the process closes any descriptor of
it (https://sqlite.org/howtocorrupt.html, 2.2). The next process that opens the database then takes
it for unused and removes its log, and tests that have nothing to do with either find that the "file
is not a database". Read it in a process of its own.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import pytest
from django.db import connection


@pytest.fixture(autouse=True, scope="session")
def no_lock_is_lost(django_db_setup):
    if connection.vendor == "sqlite":
        sys.addaudithook(_guard(os.path.realpath(connection.settings_dict["NAME"])))


def _guard(database: str) -> Any:
    files = {database, f"{database}-wal", f"{database}-shm"}

    def refuse(event: str, arguments: tuple[Any, ...]) -> None:
        # SQLite itself opens them from C, which is no event.
        if event == "open" and isinstance(arguments[0], str | os.PathLike):
            assert os.path.realpath(arguments[0]) not in files, __doc__

    return refuse
