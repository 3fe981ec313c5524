"""How each kind of database is saved and brought back."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from django.db import connection

from theway.backup.databases.postgresql import PostgreSQL
from theway.backup.databases.sqlite import SQLite
from theway.backup.errors import BackupError


class Database(Protocol):
    """Works on the configured database; files are in a format of the database's own."""

    def size(self) -> int:
        """Return about how many bytes a dump has."""

    def dump(self, target: Path) -> None:
        """Write the whole database, as it is at one moment. Raises BackupError."""

    def check(self, source: Path) -> None:
        """Raise BackupError where a dump cannot be loaded here."""

    def load(self, source: Path) -> None:
        """Make the database what the dump says, or leave it as it is. Raises BackupError."""


def configured() -> Database:
    """Return the one for DATABASE_URL. Raises BackupError for a kind that we cannot save."""
    kinds: dict[str, type[Database]] = {"sqlite": SQLite, "postgresql": PostgreSQL}
    if connection.vendor not in kinds:
        raise BackupError(f"Use the tools of {connection.display_name} to save the database.")
    return kinds[connection.vendor]()
