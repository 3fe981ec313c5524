"""The formats that are decoded in bands of rows, each by a module that is loaded when needed."""

from __future__ import annotations

import importlib
from typing import IO

from models_app.decoding.opened import Opened

# Their libraries are large; most photos are JPEGs and need none of them.
_MODULES = {"HEIF": "models_app.decoding.heif", "TIFF": "models_app.decoding.tiff"}


def load(decoder: str) -> None:
    """Load what reads a format: later the process has no memory for it."""
    if decoder in _MODULES:
        importlib.import_module(_MODULES[decoder])


def comes_in_bands(decoder: str) -> bool:
    """Whether a format is one of these."""
    return decoder in _MODULES


def opened(source: IO[bytes], decoder: str) -> Opened:
    """Return the photo in `source`, not decoded yet. Raises whatever its decoder raises."""
    picture: Opened = importlib.import_module(_MODULES[decoder]).read(source)
    return picture
