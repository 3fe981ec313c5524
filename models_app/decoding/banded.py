"""The formats that are decoded in bands of rows, each by a module of its own."""

from __future__ import annotations

from typing import IO

from models_app.decoding import heif, tiff
from models_app.decoding.opened import Opened

_MODULES = {"HEIF": heif, "TIFF": tiff}


def comes_in_bands(decoder: str) -> bool:
    """Whether a format is one of these."""
    return decoder in _MODULES


def opened(source: IO[bytes], decoder: str) -> Opened:
    """Return the photo in `source`, not decoded yet. Raises whatever its decoder raises."""
    picture: Opened = _MODULES[decoder].read(source)
    return picture
