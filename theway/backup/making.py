"""Writes a backup while everything runs."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from theway import in_use
from theway.backup import databases
from theway.backup.archive import Progress, Writer, opened, written
from theway.backup.errors import BackupError
from theway.backup.files import Stored, named_files, still_missing, stored_files
from theway.backup.manifest import DATABASE, SECRET_KEY, Entry, Manifest, now, versions


def make(target: Path, progress: Progress) -> Manifest:
    """Write everything to `target` and return what it holds; an older backup there is replaced
    once the new one is whole.

    Raises BackupError and OSError; then `target` is as it was.
    """
    _check(target)
    try:
        in_use.hold()
        with in_use.only_backup(), written(target, progress) as writer:
            manifest = _Making(writer).run(target.with_name(f".{target.name}.{DATABASE}"))
            writer.finish(manifest)
    except in_use.InUseError as error:
        raise BackupError(str(error)) from error
    return manifest


def expected_size() -> int:
    """Return about how many bytes a backup would have now. Raises BackupError."""
    files = sum(stored.size for stored in stored_files().values())
    return files + databases.configured().size()


def _check(target: Path) -> None:
    if not target.parent.is_dir():
        raise BackupError(f"{target.parent} is not a folder.")
    if target.resolve().is_relative_to(Path(settings.MEDIA_ROOT).resolve()):
        raise BackupError("A backup among the photos would hold itself. Choose another folder.")
    if target.exists():
        try:
            with opened(target):
                pass
        except BackupError as error:
            message = f"{target} exists and is no backup. Choose another name."
            raise BackupError(message) from error


class _Making:
    """What is in the archive so far.

    Rows name files that are whole, and files are deleted after their rows. So every file that
    the saved database names is among those that were there just before or after it was saved.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._entries: dict[str, Entry] = {}
        self._copied: dict[str, Stored] = {}

    def run(self, dump: Path) -> Manifest:
        self._copy(stored_files())  # this takes long; what follows does not
        before = stored_files()
        self._copy(before)
        migrations = applied_migrations()
        if not migrations:
            raise BackupError("There is no database yet, so nothing to save.")
        database = self._add_database(dump)
        if applied_migrations() != migrations:
            raise BackupError("The database was updated meanwhile. Make the backup again.")
        named = named_files()  # before the files: what a row of this moment names is among them
        after = stored_files()
        self._copy(after)
        # What was deleted before the database was saved has no row that names it.
        files = [entry for name, entry in self._entries.items() if name in before or name in after]
        entries = (database, *self._secret_key(), *files)
        missing = still_missing(named - self._entries.keys())
        return Manifest(now(), versions(), connection.vendor, migrations, entries, tuple(missing))

    def _copy(self, files: dict[str, Stored]) -> None:
        """Add what is new, or was still being written when it was added."""
        for name, stored in files.items():
            if self._copied.get(name) == stored:
                continue
            try:
                self._entries[name] = self._writer.add(stored.path, name)
            except FileNotFoundError:
                continue  # deleted meanwhile
            self._copied[name] = stored

    def _add_database(self, dump: Path) -> Entry:
        """Save the database beside the backup, where there is room for it."""
        dump.unlink(missing_ok=True)  # of one that was killed
        try:
            databases.configured().dump(dump)
            return self._writer.add(dump, DATABASE)
        finally:
            dump.unlink(missing_ok=True)

    def _secret_key(self) -> list[Entry]:
        """Add the key's file where it is the one in use, and DJANGO_SECRET_KEY is not."""
        path = settings.VAR_DIR / SECRET_KEY
        is_in_use = path.is_file() and path.read_text().strip() == settings.SECRET_KEY
        return [self._writer.add(path, SECRET_KEY)] if is_in_use else []


def applied_migrations() -> tuple[tuple[str, str], ...]:
    """Return (app, name) of all that the database has."""
    applied = MigrationRecorder(connection).applied_migrations()
    return tuple(sorted(applied))
