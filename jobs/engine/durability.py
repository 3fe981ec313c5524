"""Whether what is committed survives a power cut: the mark before a paid call has to."""

from __future__ import annotations

from django.db import connection

# SQLite: FULL and EXTRA (pragma.html#pragma_synchronous).
_SQLITE_SYNCED = 2
# PostgreSQL: every value but `off` waits for this server's own disk.
_POSTGRESQL_OFF = "off"


def commits_are_kept() -> bool:
    """Whether a commit of this process waits for the disk.

    The settings ask for it. Something between us and the database (a pooler that drops what it
    does not know, other options) could undo that, and nobody would notice before a power cut.
    """
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            cursor.execute("PRAGMA synchronous")
            return bool(cursor.fetchone()[0] >= _SQLITE_SYNCED)
        cursor.execute("SELECT current_setting('synchronous_commit')")
        return bool(cursor.fetchone()[0] != _POSTGRESQL_OFF)
