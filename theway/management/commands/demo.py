"""`manage.py demo`: from a folder of photos to a picture, in an installation thrown away."""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from models_app.limits import LIMITS
from theway.demo import mug
from theway.demo.browser import Browser
from theway.demo.failure import DemoFailed
from theway.demo.installation import throw_away_installation
from theway.demo.journey import Journey, Outcome

BAR_WIDTH = 30
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}


class Command(BaseCommand):
    help = (
        "Make the whole journey in a throw-away installation: sign up, upload photos, train, "
        "download the weights, draw a picture. The trainer is simulated: nothing is really "
        "learned. Needs no key and no network. Exit code 1 where anything goes wrong."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--photos", type=Path, help="a folder of your own photos")
        parser.add_argument("--seconds", type=float, default=12.0, help="how long it trains")
        parser.add_argument(
            "--output", type=Path, default=settings.VAR_DIR / "demo", help="what is kept"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        signal.signal(signal.SIGTERM, _interrupt)
        folder: Path = options["output"]
        folder.mkdir(parents=True, exist_ok=True)
        self._last_share = -1.0
        try:
            outcome = self._make(folder, options["photos"], options["seconds"])
        except DemoFailed as error:
            raise CommandError(f"The demo failed. {error}") from error
        except KeyboardInterrupt:
            self.stdout.write("\nStopped; nothing is left running.")
            raise SystemExit(130) from None
        self._report(outcome)

    def _make(self, folder: Path, own_photos: Path | None, seconds: float) -> Outcome:
        with tempfile.TemporaryDirectory(prefix="theway-demo-photos-") as drawn:
            photos = _photos_in(own_photos) if own_photos else mug.photograph(Path(drawn))
            if not own_photos:
                self.stdout.write(f"Drew {len(photos)} photos of a mug")
            self.stdout.write("Starting an installation of its own …")
            with throw_away_installation(folder / "services.log", seconds) as address:
                journey = Journey(Browser(address), say=self._say, show=self._show)
                return journey.make(photos, folder)

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self._last_share = -1.0

    def _show(self, share: float, text: str) -> None:
        """Draw one moving bar on a terminal, and a line per tenth elsewhere."""
        filled = int(share * BAR_WIDTH)
        line = f"[{'#' * filled}{'-' * (BAR_WIDTH - filled)}] {share:4.0%} {text}"
        if self.stdout.isatty():
            width = shutil.get_terminal_size().columns - 1
            self.stdout.write(f"\r{line[:width]:<{width}}", ending="\n" if share >= 1 else "")
        elif share >= 1 or share - self._last_share >= 0.1 or share < self._last_share:
            self._last_share = share
            self.stdout.write(line)

    def _report(self, outcome: Outcome) -> None:
        width, height = outcome.picture_size
        self.stdout.write("")
        self.stdout.write(f"Weights: {outcome.weights} ({outcome.tensor_count} tensors)")
        self.stdout.write(f"Picture: {outcome.picture} ({width} × {height})")
        if outcome.is_simulated:
            self.stdout.write("")
            self.stdout.write(
                "SIMULATED: no model has learned anything here. The trainer went through every "
                "step of a training, the weights are a stand-in and the picture is drawn."
            )


def _photos_in(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise DemoFailed(f"{folder} is not a folder.")
    photos = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    if not LIMITS.min_photos <= len(photos) <= LIMITS.max_photos:
        raise DemoFailed(
            f"{folder} holds {len(photos)} photos; {LIMITS.min_photos} to {LIMITS.max_photos} "
            f"are needed ({LIMITS.formats_text})."
        )
    return photos


def _interrupt(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)
