"""Resizes, turns and encodes with libvips, which streams a JPEG through in bands of rows.

It reads JPEGs only, told so by name: nothing here guesses what a file is. Its threads and its
cache are off: a worker opens one photo, and several workers share the cores.
"""

from __future__ import annotations

from typing import IO

import pyvips
from PIL import Image

# The environment is a worker's own; each pipeline has one thread (VIPS_CONCURRENCY there).
pyvips.cache_set_max(0)
pyvips.block_untrusted_set(True)

_MODES = {1: "L", 3: "RGB", 4: "CMYK"}
# What is used here, looked up once and not for each photo.
for _name in ("jpegload_source", "resize", "shrink", "autorot", "copy", "jpegsave_buffer"):
    pyvips.Introspect.get(_name)


def from_pillow(image: Image.Image) -> pyvips.Image:
    """Return the same picture for libvips: grey, RGB or CMYK in eight bits."""
    bands = len(image.getbands())
    # It keeps the bytes it looks at alive, but `copy_memory` of it would not: never ask for that.
    return pyvips.Image.new_from_memory(image.tobytes(), *image.size, bands, "uchar")


def to_pillow(image: pyvips.Image) -> Image.Image:
    """Return the same picture for Pillow: grey, RGB or CMYK."""
    mode = _MODES[image.bands]
    return Image.frombytes(mode, (image.width, image.height), image.write_to_memory())


def read_jpeg(source: IO[bytes], shrink: int, side: int) -> pyvips.Image:
    """Return an RGB JPEG, neither side longer than `side`; the decoder divides them by `shrink`.

    Raises pyvips.Error for one that ends too early, as for any other that cannot be decoded.
    """
    image = pyvips.Image.jpegload_source(
        _source(source), shrink=shrink, access="sequential", fail_on="truncated", unlimited=True
    )
    return fitted(image, side).copy_memory()  # until then it is a plan, made anew by whoever asks


def fitted(image: pyvips.Image, side: int) -> pyvips.Image:
    """Return a picture at most `side` long, by a Lanczos filter."""
    long = max(image.width, image.height)
    if long <= side:
        return image
    width, height = (max(1, round(one * side / long)) for one in (image.width, image.height))
    return image.resize(width / image.width, vscale=height / image.height)


def divided(image: pyvips.Image, side: int) -> pyvips.Image:
    """Return a picture with its sides divided by the whole number that brings it nearest `side`.

    Cheaper than a filter, and good enough to measure or to reduce further.
    """
    factor = max(1, round(max(image.width, image.height) / side))
    factor = min(factor, image.width, image.height)
    return image.shrink(factor, factor).copy_memory() if factor > 1 else image


def upright(image: pyvips.Image, orientation: int | None) -> pyvips.Image:
    """Return a picture turned by what EXIF says (2.32, 4.6.4 A); other values turn nothing."""
    if orientation not in range(2, 9):
        return image
    turned = image.copy()
    turned.set_type(pyvips.GValue.gint_type, "orientation", orientation)
    return turned.autorot().copy_memory()


def part(image: pyvips.Image, left: int, upper: int, right: int, lower: int) -> pyvips.Image:
    """Return a part of a picture. Raises pyvips.Error if it has no such part."""
    return image.crop(left, upper, right - left, lower - upper)


def as_jpeg(image: pyvips.Image, quality: int, *, full_colour: bool = False) -> bytes:
    """Return a JPEG without any notes, its colours at full or at half resolution."""
    sampling = "off" if full_colour else "on"
    return bytes(image.jpegsave_buffer(Q=quality, subsample_mode=sampling, keep="none"))


def _source(source: IO[bytes]) -> pyvips.Source:
    source.seek(0)
    return pyvips.Source.new_from_descriptor(source.fileno())
