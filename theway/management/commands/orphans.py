"""`manage.py orphans`: stored files that no row names, and rows whose file is gone."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from theway.checks import INSTALLATION
from theway.files.comparing import GRACE_SECONDS, compare, delete_leftover


class Command(BaseCommand):
    requires_system_checks = (INSTALLATION,)
    help = (
        "List stored files that no row names, and names in rows without a file. Everything may "
        f"run meanwhile: files younger than {GRACE_SECONDS // 3600} hours, and those of work under "
        "way, are left out."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--delete", action="store_true", help="delete files without a row")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = compare()
            if options["delete"]:
                delete_leftover(found)
        except OSError as error:
            raise CommandError(f"{error.strerror or error}.") from error
        for name in found.leftover:
            self.stdout.write(f"no row:  {name}")
        for name in found.lost:
            self.stdout.write(f"no file: {name}")
        size = sum(found.leftover.values()) / 1_000_000
        self.stdout.write(
            f"{len(found.leftover)} files without a row ({size:,.1f} MB"
            f"{', deleted' if options['delete'] else ''}), {len(found.lost)} rows without a file, "
            f"{found.unfinished} uploads that were cut off."
        )
