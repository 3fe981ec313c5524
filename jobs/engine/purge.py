"""Taking what was deleted out of SQLite's file, in which it lives on for a while.

`secure_delete` overwrites deleted rows, but not copies that moved with their page, and the
write-ahead log has older versions of everything (`make bench-deletion` counts what is left). A
VACUUM writes the file anew from what is there. PostgreSQL does this by itself (autovacuum).
"""

from __future__ import annotations

import logging
from pathlib import Path

from django.db import connection

from jobs import clock
from jobs.models import Heartbeat

log = logging.getLogger(__name__)

DELETED, PURGED = "deletion", "purge"
# A VACUUM takes about 30 ms per megabyte, and who wants to write meanwhile waits at most 20 s.
LARGEST = 512 * 1024**2  # bytes


def note_deletion() -> None:
    """Remember, with the deletion itself, that a purge is due."""
    Heartbeat.objects.update_or_create(name=DELETED, defaults={"at": clock.now()})


def purge() -> bool:
    """Write the database anew where something was deleted since the last time; return whether.

    Raises OperationalError while another process writes for long.
    """
    if connection.vendor != "sqlite" or not _is_due():
        return False
    if Path(connection.settings_dict["NAME"]).stat().st_size > LARGEST:
        log.error("the database is too large for a VACUUM beside its work: do it by hand")
        return False
    began_at = clock.now()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        is_busy = cursor.fetchone()[0]
    if is_busy:
        log.info("somebody still reads the old pages: they are purged the next time")
        return False
    Heartbeat.objects.update_or_create(name=PURGED, defaults={"at": began_at})
    return True


def _is_due() -> bool:
    at = dict(Heartbeat.objects.filter(name__in=[DELETED, PURGED]).values_list("name", "at"))
    return DELETED in at and (PURGED not in at or at[PURGED] <= at[DELETED])
