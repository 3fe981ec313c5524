"""Turns any uploaded file into the one kind of photo we store.

Stored photos are upright, sRGB, eight bits, without alpha, at most `LIMITS.stored_side` long,
and contain pixels only: they are encoded again, so no metadata of the source can survive.

Shape comes before content: how a file is built is read first, by code that decodes nothing
(`shapes/`). Only then it is opened, in a process of its own (`decoding/`). Another format is
added in `formats.py`; nothing here knows where files are stored.
"""

from __future__ import annotations

import io
from typing import IO

from models_app.decoding.process import decode
from models_app.decoding.task import NormalisedPhoto
from models_app.formats import HEAD_BYTES, PhotoFormat, sniff
from models_app.limits import DECODING, LIMITS
from models_app.refusals import refused, too_many_pixels
from models_app.shapes.shape import Shape


def normalise(source: IO[bytes]) -> NormalisedPhoto:
    """Decode, check and re-encode one photo.

    Takes a seekable file at any position. Raises PhotoRefusedError for every file that is not
    a photo within `LIMITS`, and for one that takes more than `DECODING` allows.
    """
    source.seek(0)
    photo_format = sniff(source.read(HEAD_BYTES))
    check_bytes(source.seek(0, io.SEEK_END))
    shape = photo_format.read_shape(source)
    _check_shape(shape, photo_format)
    return decode(source, photo_format, shape)


def check_bytes(size: int) -> None:
    """Raise PhotoRefusedError if a file of `size` bytes is too large."""
    if size > LIMITS.max_bytes:
        raise refused("too_many_bytes")


def _check_shape(shape: Shape, photo_format: PhotoFormat) -> None:
    short, long = sorted((shape.width, shape.height))
    size = {"width": shape.width, "height": shape.height}
    if short * long > photo_format.max_pixels:
        raise too_many_pixels(photo_format.max_pixels)
    if short < LIMITS.min_side:
        raise refused("too_small", least=LIMITS.min_side, **size)
    if long > short * LIMITS.max_ratio:
        raise refused("too_narrow", ratio=LIMITS.max_ratio, **size)
    if not shape.is_plausible:
        raise refused("damaged")
    if shape.memory > DECODING.memory:
        raise refused("too_much_memory")
