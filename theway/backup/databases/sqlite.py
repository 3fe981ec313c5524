"""SQLite: copied by its own backup API, which waits for nobody and sees one moment."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from django.conf import settings
from django.db import connection

from models_app.disk import sync
from theway.backup.errors import BackupError


class SQLite:
    def size(self) -> int:
        path = Path(settings.DATABASES["default"]["NAME"])
        return path.stat().st_size if path.exists() else 0

    def dump(self, target: Path) -> None:
        connection.ensure_connection()
        with closing(sqlite3.connect(target)) as copy:
            # All pages in one step: writers go on beside it (https://sqlite.org/backup.html).
            connection.connection.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, with nothing beside it
        self.check(target)

    def check(self, source: Path) -> None:
        try:
            with closing(sqlite3.connect(source)) as copy:
                found = copy.execute("PRAGMA quick_check").fetchone()[0]
        except sqlite3.DatabaseError as error:
            found = str(error)
        if found != "ok":
            raise BackupError(f"The database is damaged: {found}.")

    def load(self, source: Path) -> None:
        connection.close()
        target = Path(settings.DATABASES["default"]["NAME"])
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # In the database's own folder, which may be another disk.
        draft = target.with_name(f".{target.name}.{os.getpid()}.part")
        try:
            shutil.copyfile(source, draft)
            sync(draft)
            # First, or what is left of the old database would be written into the new one.
            for suffix in ("-wal", "-shm"):
                target.with_name(target.name + suffix).unlink(missing_ok=True)
            draft.replace(target)
            sync(target.parent)
        finally:
            draft.unlink(missing_ok=True)
