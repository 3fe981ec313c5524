"""How the database is spoken to: a file of SQLite's, or PostgreSQL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from theway.private_folders import close_database

Database = dict[str, Any]

_SQLITE, _POSTGRESQL = "django.db.backends.sqlite3", "django.db.backends.postgresql"


def sqlite_in(folder: Path) -> Database:
    """Return the database that there is where none is named. A path is no part of an address here:
    any name of the data folder is fine."""
    return {"ENGINE": _SQLITE, "NAME": str(folder / "db.sqlite3")}


def with_options(database: Database) -> Database:
    """Return the entry of DATABASES for this one; a file is closed to other accounts."""
    if database["ENGINE"] == _SQLITE:
        close_database(Path(database["NAME"]))
        return database | {"OPTIONS": _sqlite_options()}
    if database["ENGINE"] == _POSTGRESQL:
        options = database.get("OPTIONS", {}) | _postgresql_options()
        # A cursor of the server's belongs to a connection, which a pooler gives away in between.
        return database | {"OPTIONS": options, "DISABLE_SERVER_SIDE_CURSORS": True}
    return database


def _sqlite_options() -> Database:
    # WAL lets pages read while a task writes; IMMEDIATE makes writers queue instead of fail.
    return {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # FULL: what is committed before a paid call survives a power cut.
        # Deleted rows are overwritten: they are words of people.
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;"
        ),
    }


def _postgresql_options() -> Database:
    from theway.transaction_settings import cursor_with  # needs PostgreSQL's library

    settings = {
        # A worker frozen within a transaction must not hold its row, and so the sweep, forever.
        "idle_in_transaction_session_timeout": "20s",
        "lock_timeout": "2s",
        "statement_timeout": "60s",
        "synchronous_commit": "on",
    }
    return {
        "cursor_factory": cursor_with(settings),
        # A connection that nothing answers any more ends within seconds, packets dropped or
        # refused.
        "connect_timeout": 5,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 20_000,  # milliseconds
    }
