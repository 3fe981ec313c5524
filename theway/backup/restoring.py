"""Makes an installation what a backup says, while nothing runs."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader

from accounts.models import User
from jobs.engine import journal
from theway.backup import databases
from theway.backup.archive import Progress, Reader, opened
from theway.backup.errors import BackupError
from theway.backup.files import is_elsewhere, is_in_bucket, stored_files
from theway.backup.manifest import DATABASE, JOURNAL, MEDIA, SECRET_KEY, Manifest
from theway.in_use import InUseError, alone
from theway.private_folders import FILE, close_folder

_FOLDER = "restore-"
_REPLACED = ".replaced"


def restore(source: Path, *, may_replace: bool, progress: Progress) -> Manifest:
    """Put back what `source` holds, and let nothing be paid before `manage.py reconcile`.

    Everything is verified before anything is touched. Where something fails after that, the same
    call with `may_replace` goes on. Raises BackupError and OSError.
    """
    with opened(source) as reader:
        _check(reader.manifest)
        try:
            with alone():
                _check_target(may_replace)
                _restore(reader, progress)
        except InUseError as error:
            raise BackupError(str(error)) from error
    return reader.manifest


def _check(manifest: Manifest) -> None:
    if manifest.database != connection.vendor:
        raise BackupError(
            f"The backup is of a {manifest.database} database, and DATABASE_URL names "
            f"a {connection.vendor} one."
        )
    known = MigrationLoader(None).disk_migrations
    if newer := sorted(set(manifest.migrations) - set(known)):
        raise BackupError(
            f"The backup was made by a newer TheWay ({manifest.versions.get('theway')}; it has "
            f"{newer[0][0]}.{newer[0][1]}). Update this installation first."
        )
    free = shutil.disk_usage(settings.VAR_DIR).free
    needed = manifest.size + manifest.database_size
    if free < needed:
        raise BackupError(
            f"{settings.VAR_DIR} has {free // 1_000_000} MB free, and {needed // 1_000_000} MB "
            "are needed while the backup is restored."
        )


def _check_target(may_replace: bool) -> None:
    if not may_replace and (_has_people() or _has_files()):
        raise BackupError(
            "This installation is not empty. With --replace its database and files are deleted "
            "and those of the backup take their place."
        )


def _has_people() -> bool:
    try:
        has_table = User._meta.db_table in connection.introspection.table_names()
        return has_table and User.objects.exists()
    except DatabaseError:
        return True  # what cannot be read may hold anything


def _has_files() -> bool:
    return any(name.startswith(f"{MEDIA}/") for name in stored_files())


def _restore(reader: Reader, progress: Progress) -> None:
    database = databases.configured()
    _sweep()
    with tempfile.TemporaryDirectory(prefix=_FOLDER, dir=settings.VAR_DIR) as temporary:
        folder = Path(temporary)
        reader.extract(folder, progress)
        database.check(folder / DATABASE)
        # From here on: a restore that is cut off leaves an installation that pays nothing.
        journal.require_reconcile()
        database.load(folder / DATABASE)
        if not is_in_bucket():  # a bucket's files are where they were
            _replace_files(folder / MEDIA, Path(settings.MEDIA_ROOT))
        _add_answers(folder / JOURNAL)
        _replace_secret_key(folder / SECRET_KEY)
        os.sync()
    call_command("migrate", interactive=False, verbosity=0)


def _sweep() -> None:
    """Delete what restores that were killed have left: photos of people."""
    for folder in settings.VAR_DIR.glob(f"{_FOLDER}*"):
        shutil.rmtree(folder)


def _replace_files(found: Path, target: Path) -> None:
    """Move what is in the folder rather than the folder: it may be a mount, as may be those in it,
    or links to another disk. What was there waits on its own disk until the new is in place."""
    close_folder(target)
    found.mkdir(exist_ok=True)
    replaced = target / _REPLACED
    shutil.rmtree(replaced, ignore_errors=True)  # of a restore that was killed
    replaced.mkdir()
    elsewhere = {path.name for path in target.iterdir() if is_elsewhere(path)}
    for name in elsewhere:
        _replace_files(found / name, target / name)
    for source, destination in ((target, replaced), (found, target)):
        for path in source.iterdir():
            if not path.name.startswith(".") and path.name not in elsewhere:
                shutil.move(path, destination / path.name)
    shutil.rmtree(replaced)


def _add_answers(found: Path) -> None:
    """Answers that wait here are newer than the backup, and stay."""
    folder = Path(settings.JOURNAL_DIR)
    for path in found.iterdir() if found.is_dir() else ():
        if not (folder / path.name).exists():
            shutil.move(path, folder / path.name)


def _replace_secret_key(found: Path) -> None:
    if found.exists():
        found.chmod(FILE)
        shutil.move(found, settings.VAR_DIR / SECRET_KEY)
