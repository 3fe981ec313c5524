"""What is known of a photo once it is open, whatever its format."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from PIL import Image


@dataclass(frozen=True, slots=True)
class Opened:
    """A photo whose rows come in bands from the top, each as wide as the whole.

    `profile` is an ICC profile, `orientation` EXIF's. `found` names what else is in the file
    (`notes.py`).
    """

    width: int
    height: int
    bands: Iterable[Image.Image]
    profile: bytes | None
    orientation: int | None
    found: frozenset[str] = frozenset()
