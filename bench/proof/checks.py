"""Says what was found, keeps the pictures, and remembers whether all was as it should be."""

from __future__ import annotations

import re
from pathlib import Path

from PIL import Image

from bench.proof.verdict import Shown


class Checks:
    """The course of one proof."""

    def __init__(self, folder: Path) -> None:
        self.all_passed = True
        self._folder = folder

    def say(self, line: str) -> None:
        """Print a line at once."""
        print(line, flush=True)

    def told(self, shown: Shown) -> Shown:
        """Print a measurement and return it."""
        self.say(shown.line)
        return shown

    def check(self, words: str, passed: bool) -> None:
        """Print whether something is as it should be."""
        self.all_passed &= passed
        self.say(f"{'ok' if passed else 'FAILED':6} {words}")

    def keep(self, name: str, picture: Image.Image) -> None:
        """Keep a picture to be looked at."""
        picture.save(self._folder / f"{re.sub(r'[^a-z0-9]+', '-', name)}.png")
