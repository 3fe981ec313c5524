"""`manage.py backup FILE`: everything of this installation in one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from theway.backup.errors import BackupError
from theway.backup.files import is_in_bucket
from theway.backup.making import expected_size, make
from theway.backup.manifest import SECRET_KEY, Manifest
from theway.backup.progress import Tenths
from theway.checks import INSTALLATION


class Command(BaseCommand):
    requires_system_checks = (INSTALLATION,)
    help = (
        "Write the database, all photos, weights and pictures, and the secret key to FILE, which "
        "only this account can read. Everything may run meanwhile. The file is verified before it "
        "takes its name. It holds what people gave you and the key to their codes: keep it as "
        "safe as the installation."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="e.g. /srv/backups/theway.zip")

    def handle(self, *args: Any, **options: Any) -> None:
        target: Path = options["file"].absolute()
        try:
            # Written once, then read once.
            total = 2 * expected_size()
            manifest = make(target, Tenths(total, self.stdout.write, "Saved and verified"))
        except BackupError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"No backup was written: {error.strerror}.") from error
        self._report(target, manifest)

    def _report(self, target: Path, manifest: Manifest) -> None:
        size = f"{manifest.size / 1_000_000:,.1f} MB"
        self.stdout.write(f"{target}: {len(manifest.entries)} files, {size}, verified.")
        if manifest.missing:
            self.stderr.write(
                f"Not on the disk, and so not in it, although the database names them: "
                f"{len(manifest.missing)} files, such as {manifest.missing[0]}."
            )
        if is_in_bucket():
            self.stdout.write(
                "Photos, weights and pictures are not in it: they are in the bucket. Keep that "
                "safe by its own means, and for as long as this backup."
            )
        if SECRET_KEY not in {entry.name for entry in manifest.entries}:
            self.stdout.write(
                "The secret key is not in it: it comes from DJANGO_SECRET_KEY. Keep that too."
            )
