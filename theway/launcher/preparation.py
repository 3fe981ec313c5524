"""What must be done before a service starts, and only if something has changed."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from jobs.engine.durability import commits_are_kept
from models_app.uploads import sweep_uploads
from theway.launcher import static_files
from theway.schema import refuse_newer

Write = Callable[[str], None]


class AlreadyRunningError(Exception):
    """Another launcher is running this installation."""


@contextmanager
def launcher_lock() -> Iterator[None]:
    """Keep other launchers from this installation. Raise AlreadyRunningError.

    The lock ends with the process that holds it, so nothing has to be cleared after a crash.
    """
    settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
    path = settings.VAR_DIR / "launcher.lock"
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise AlreadyRunningError(
                f"This installation is already running (process {file.read().strip()})."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def prepare(write: Write) -> None:
    """Update the database, collect the static files, delete what killed uploads left."""
    _prepare_database(write)
    sweep_uploads()
    if not settings.DEBUG:
        static_files.collect(write)


def _prepare_database(write: Write) -> None:
    refuse_newer()
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        write("updating the database")
        call_command("migrate", interactive=False, verbosity=0)
    if not commits_are_kept():
        write("the database's commits do not wait for its disk: nothing will be paid")
    connection.close()
