"""`manage.py orphans`: stored files that no row names, and rows whose file is gone."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from jobs import clock
from theway.checks import INSTALLATION
from theway.files import nightly
from theway.files.comparing import (
    GRACE_SECONDS,
    Difference,
    batches,
    delete_leftover,
    differences,
    end_old_uploads,
    old_uploads,
)
from theway.files.findings import Findings, Kinds


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
        is_deleting, began_at = options["delete"], clock.now()
        try:
            found = self._found(is_deleting=is_deleting)
        except OSError as error:
            raise CommandError(f"{error.strerror or error}.") from error
        self._sum_up(found, is_deleting=is_deleting)
        if is_deleting:
            found.leftover, found.unfinished = Kinds(), 0
        nightly.record(found, began_at)

    def _found(self, *, is_deleting: bool) -> Findings:
        """List what is found, and delete it where that is asked for."""
        found = Findings()
        for some in batches(differences()):
            for one in some:
                self._name(one)
                found.add(one)
            if is_deleting:
                delete_leftover([one.name for one in some if not one.is_lost])
        found.unfinished = end_old_uploads() if is_deleting else sum(1 for _ in old_uploads())
        return found

    def _name(self, one: Difference) -> None:
        self.stdout.write(f"{'no file:' if one.is_lost else 'no row: '} {one.name}")

    def _sum_up(self, found: Findings, *, is_deleting: bool) -> None:
        size = found.leftover.size / 1_000_000
        self.stdout.write(
            f"{found.leftover.count} files without a row ({size:,.1f} MB"
            f"{', deleted' if is_deleting else ''}), {found.lost.count} rows without a file, "
            f"{found.unfinished} uploads that were cut off."
        )
