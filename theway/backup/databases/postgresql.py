"""PostgreSQL: saved and brought back by its own programs, each time in one transaction."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import connection
from django.db.backends.postgresql.client import DatabaseClient

from theway.backup.errors import BackupError

_OF_NOBODY = ("--no-owner", "--no-privileges")


class PostgreSQL:
    def size(self) -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_database_size(current_database())")
            return int(cursor.fetchone()[0])

    def dump(self, target: Path) -> None:
        _run("pg_dump", "--format=custom", *_OF_NOBODY, f"--file={target}", *_where())

    def check(self, source: Path) -> None:
        _run("pg_restore", "--list", str(source))
        _run("psql", "--version")

    def load(self, source: Path) -> None:
        script = source.with_suffix(".sql")
        with script.open("w") as file:
            file.write(_dropping_what_is_there())
            file.flush()
            _run("pg_restore", *_OF_NOBODY, "--file=-", str(source), output=file)
        connection.close()
        # One transaction: what fails leaves the database as it was.
        options = ("--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1")
        _run("psql", *options, f"--file={script}", *_where())


def _dropping_what_is_there() -> str:
    """Return the statement for all tables, those of another release included."""
    with connection.cursor() as cursor:
        names = connection.introspection.table_names(cursor)
    tables = ", ".join(map(connection.ops.quote_name, names))
    return f"DROP TABLE {tables} CASCADE;\n" if tables else ""


def _where() -> list[str]:
    """Return the options that name the database, the same for every program."""
    command, _ = DatabaseClient.settings_to_cmd_args_env(settings.DATABASES["default"], [])
    return [*command[1:-1], f"--dbname={command[-1]}"]


def _environment() -> dict[str, str]:
    """Return ours with the password, which a command line would show to everybody."""
    _, env = DatabaseClient.settings_to_cmd_args_env(settings.DATABASES["default"], [])
    ours = {**os.environ, **(env or {}), "LC_ALL": "C"}
    ours.pop("PGOPTIONS", None)  # the site's time limits are not for a whole database
    return ours


def _run(program: str, *options: str, output: IO[str] | int = subprocess.DEVNULL) -> None:
    command = [program, *options]
    try:
        done = subprocess.run(
            command, stdout=output, stderr=subprocess.PIPE, env=_environment(), check=False
        )
    except FileNotFoundError:
        raise BackupError(
            f"{program} is not installed here. It comes with PostgreSQL's client programs "
            "(on Debian: apt-get install postgresql-client)."
        ) from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise BackupError(f"{program} failed: {said[-1] if said else done.returncode}")
