"""`manage.py demo`: from a folder of photos to an image, in a throw-away installation."""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from models_app.limits import LIMITS
from models_app.photo_folders import read_folder
from models_app.photo_sets import PhotosError, PhotoSet
from theway.demo import mug
from theway.demo.browser import Browser
from theway.demo.errors import DemoError
from theway.demo.installation import throw_away_installation
from theway.demo.journey import Journey, Outcome

BAR_WIDTH = 30


class Command(BaseCommand):
    help = (
        "Go through the whole journey in a throw-away installation: sign up, upload photos, train, "
        "download the weights, generate an image. The trainer is simulated: nothing is really "
        "learned. Needs no key and no network. Exit code 1 if anything goes wrong."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--photos", type=Path, help="a folder of your own photos")
        parser.add_argument("--seconds", type=float, default=12.0, help="duration of the training")
        parser.add_argument(
            "--output", type=Path, default=settings.VAR_DIR / "demo", help="folder for the results"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
        folder: Path = options["output"]
        folder.mkdir(parents=True, exist_ok=True)
        self._last_share = -1.0
        try:
            outcome = self._run(folder, options["photos"], options["seconds"])
        except DemoError as error:
            raise CommandError(f"The demo failed. {error}") from error
        except KeyboardInterrupt:
            self.stdout.write("\nStopped; nothing is left running.")
            raise SystemExit(130) from None
        self._report(outcome)

    def _run(self, folder: Path, own_photos: Path | None, seconds: float) -> Outcome:
        with tempfile.TemporaryDirectory(prefix="theway-demo-photos-") as samples:
            if not own_photos:
                mug.render_photos(Path(samples))
                self.stdout.write(f"Generated {mug.COUNT} sample photos of a mug")
            photos = _photos_in(own_photos or Path(samples))
            self.stdout.write("Starting a throw-away installation …")
            with throw_away_installation(folder / "services.log", seconds) as address:
                journey = Journey(Browser(address), write=self._write, show=self._show)
                return journey.run(photos, folder)

    def _write(self, text: str) -> None:
        self.stdout.write(text)
        self._last_share = -1.0

    def _show(self, share: float, text: str) -> None:
        """Show one moving bar in a terminal, and a line per tenth elsewhere."""
        filled = int(share * BAR_WIDTH)
        line = f"[{'#' * filled}{'-' * (BAR_WIDTH - filled)}] {share:4.0%} {text}"
        if self.stdout.isatty():
            width = shutil.get_terminal_size().columns - 1
            self.stdout.write(f"\r{line[:width]:<{width}}", ending="\n" if share >= 1 else "")
        elif share >= 1 or share - self._last_share >= 0.1 or share < self._last_share:
            self._last_share = share
            self.stdout.write(line)

    def _report(self, outcome: Outcome) -> None:
        width, height = outcome.image_size
        self.stdout.write("")
        self.stdout.write(f"Weights: {outcome.weights} ({outcome.tensor_count} tensors)")
        self.stdout.write(f"Image:   {outcome.image} ({width} × {height})")
        if outcome.is_simulated:
            self.stdout.write("")
            self.stdout.write(
                "SIMULATED: no model was trained. The trainer went through every step of a "
                "training; the weights and the image are placeholders."
            )


def _photos_in(folder: Path) -> PhotoSet:
    try:
        photos = read_folder(folder)
    except PhotosError as error:
        raise DemoError(str(error)) from error
    count = len(photos.files)
    if not LIMITS.min_photos <= count <= LIMITS.max_photos:
        raise DemoError(
            f"{folder} holds {count} files that may be photos; {LIMITS.min_photos} to "
            f"{LIMITS.max_photos} are needed ({LIMITS.formats_text})."
        )
    return photos
