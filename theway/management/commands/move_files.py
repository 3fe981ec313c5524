"""`manage.py move_files --to bucket|disk`: all photos, weights and pictures."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from django.conf import settings
from django.core.files.storage import storages
from django.core.management.base import BaseCommand, CommandError, CommandParser

from theway import in_use
from theway.backup.progress import Tenths
from theway.checks import INSTALLATION
from theway.files.moving import Move, MoveError, Outcome, forget

PLACES = ("disk", "bucket")


class Command(BaseCommand):
    requires_system_checks = (INSTALLATION,)
    help = (
        "Copy all photos, weights and pictures from the disk to the bucket, or back. Each is read "
        "again where it arrived and compared; nothing is deleted. All services must be stopped, "
        "but for --ahead. One that was cut off goes on when it is run again. FILE_STORAGE says "
        "which of the two is used."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", choices=PLACES, required=True)
        what = parser.add_mutually_exclusive_group()
        what.add_argument(
            "--ahead",
            action="store_true",
            help="copy while everything runs; run it again without this once all is stopped",
        )
        what.add_argument(
            "--delete-originals",
            action="store_true",
            help="delete what was copied, once FILE_STORAGE names where it is now",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        to = options["to"]
        if "bucket" not in settings.STORAGES:
            raise CommandError("No bucket is set up: set S3_BUCKET and what it needs.")
        move = Move(storages[_other(to)], storages[to], to=to)
        try:
            if options["delete_originals"]:
                self._delete(move, to)
            else:
                with _guarded(is_ahead=options["ahead"]):
                    self._copy(move, to, is_ahead=options["ahead"])
        except (MoveError, in_use.InUseError) as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{error.strerror or error}. Run it again: it goes on.") from error

    def _copy(self, move: Move, to: str, *, is_ahead: bool) -> None:
        outcome = move.copy_all(Tenths(move.total(), self.stdout.write, "Copied and compared"))
        self.stdout.write(_sentence(outcome, to))
        if is_ahead:
            self.stdout.write("Stop all services, then run this again without --ahead.")
        elif _active() != to:
            self.stdout.write(f"Set FILE_STORAGE={to}, then start everything again.")

    def _delete(self, move: Move, to: str) -> None:
        if _active() != to:
            raise CommandError(
                f"This installation still uses its {_other(to)}. Set FILE_STORAGE={to} first."
            )
        outcome = move.delete_originals()
        self.stdout.write(f"Deleted {outcome.deleted} originals in the {_other(to)}.")
        if outcome.kept:
            raise CommandError(
                f"{len(outcome.kept)} files were kept, such as {outcome.kept[0]}: they were never "
                f"compared, or the {to} no longer has them. Run this without --delete-originals."
            )
        forget()


def _active() -> str:
    is_disk = settings.STORAGES["default"] == settings.STORAGES["disk"]
    return "disk" if is_disk else "bucket"


def _other(place: str) -> str:
    return PLACES[1 - PLACES.index(place)]


def _sentence(outcome: Outcome, to: str) -> str:
    text = (
        f"The {to} has everything: {outcome.copied} files copied, {outcome.were_there} were there."
    )
    gone = f" {outcome.vanished} were deleted meanwhile." if outcome.vanished else ""
    return text + gone


@contextmanager
def _running() -> Iterator[None]:
    in_use.hold()
    yield


def _guarded(*, is_ahead: bool) -> AbstractContextManager[None]:
    """Have the data to ourselves, unless it is a copy ahead. Raises InUseError."""
    return _running() if is_ahead else in_use.alone()
