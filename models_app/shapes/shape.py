"""What is known of a photo before it is decoded."""

from __future__ import annotations

from dataclasses import dataclass

from models_app.limits import LIMITS

# Photos are brought near their final size with a fast method first. Half as large again leaves
# enough detail for the resampling filter that does the rest.
NEAR = int(1.5 * LIMITS.stored_side)


@dataclass(frozen=True, slots=True)
class Shape:
    """Sides in pixels, and the bytes of memory that decoding and resizing take at most.

    `bits` are those of one colour. A JPEG that stores its picture in passes may have `max_scans`
    of them, and the data of the first begins at `scan_at`, which is 0 for every other photo.
    `effort` is how much longer than others it may take. `is_plausible` is false where the header
    promises more than the file can contain.
    """

    width: int
    height: int
    memory: int
    bits: int = 8
    max_scans: int = 1
    scan_at: int = 0
    is_progressive: bool = False
    effort: float = 1.0
    is_plausible: bool = True


def resizing_memory(width: int, height: int) -> int:
    """Return what it takes, besides decoded RGB pixels, to bring them to the stored size.

    The resampling filter goes over the rows first, then over the columns (Pillow, Resample.c).
    What follows (white behind a transparent picture, colours, encoding) takes a few copies.
    """
    side = LIMITS.stored_side
    rows = min(width, side) * height if max(width, height) > side else 0
    stored = min(width, side) * min(height, side)
    return 4 * max(rows + stored, 4 * stored)


def bands_factor(width: int, height: int) -> int:
    """Return by how much the sides of a photo are divided that is decoded in bands of rows."""
    return max(1, max(width, height) // NEAR)


def banded_memory(width: int, height: int, rows: int, layers: int = 1) -> int:
    """Return what it takes to keep bands of `rows` and the whole reduced, and to resize that.

    A band is put together, joined to what is left of the last one, and cut to what is reduced.
    """
    factor = bands_factor(width, height)
    band = 4 * width * (rows + 16 * factor) * 3 * layers
    width, height = -(-width // factor), -(-height // factor)
    reduced = 4 * width * height
    return reduced + max(band, resizing_memory(width, height))
