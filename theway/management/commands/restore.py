"""`manage.py restore FILE`: make this installation what a backup says."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from theway.backup.archive import opened
from theway.backup.errors import BackupError
from theway.backup.manifest import SECRET_KEY, Manifest
from theway.backup.progress import Tenths
from theway.backup.restoring import restore
from theway.checks import INSTALLATION


class Command(BaseCommand):
    requires_system_checks = (INSTALLATION,)
    help = (
        "Put back what `manage.py backup` wrote to FILE. All services must be stopped. The whole "
        "file is verified first. Afterwards nothing is paid until `manage.py reconcile` has run: "
        "what was paid since the backup is looked up at the providers."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--replace",
            action="store_true",
            help="delete the database and files that this installation has",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        source: Path = options["file"]
        try:
            with opened(source) as reader:
                progress = Tenths(reader.manifest.size, self.stdout.write, "Verified")
            manifest = restore(source, may_replace=options["replace"], progress=progress)
        except BackupError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"The backup was not restored: {error}.") from error
        self._report(manifest)

    def _report(self, manifest: Manifest) -> None:
        count = len(manifest.entries)
        self.stdout.write(f"Restored {count} files as they were on {manifest.made_at}.")
        has_key = SECRET_KEY in {entry.name for entry in manifest.entries}
        if has_key and os.environ.get("DJANGO_SECRET_KEY"):
            self.stdout.write(
                "The backup has a secret key of its own, and DJANGO_SECRET_KEY is used instead: "
                "with another key everybody signs in anew, and one-time codes are lost."
            )
        elif not has_key:
            self.stdout.write("Set DJANGO_SECRET_KEY to what it was: it is not in the backup.")
        self.stdout.write(
            "Nothing is paid yet. Run `manage.py reconcile`, then start everything again."
        )
