"""Judges every picture that comes from outside, uploaded or made by a provider.

An uploaded file is turned into the one kind of photo we store. Stored photos are upright, sRGB,
eight bits, without alpha, at most `LIMITS.stored_side` long, and contain pixels only: they are
encoded again, so no metadata of the source can survive. What a provider has made is kept as it is.

Shape comes before content: how a file is built is read first, by code that decodes nothing
(`shapes/`). Only then it is opened, in a process of its own (`decoding/`). Another format is added
in `formats.py`; nothing here knows where files are stored.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import IO

from models_app.crops import Box
from models_app.decoding.process import decode
from models_app.decoding.task import NormalisedPhoto
from models_app.formats import HEAD_BYTES, PhotoFormat, refusal, sniff
from models_app.limits import DECODING, LIMITS
from models_app.refusals import refused, too_many_pixels
from models_app.shapes.shape import Shape


@dataclass(frozen=True, slots=True)
class Picture:
    """A sound picture that is kept as it is: its true format's extension, sides, a small copy."""

    extension: str
    width: int
    height: int
    thumbnail: bytes


def normalise(source: IO[bytes]) -> NormalisedPhoto:
    """Decode, check and re-encode one photo.

    Takes a seekable file at any position. Raises PhotoRefusedError for every file that is not
    a photo within `LIMITS`, and for one that takes more than `DECODING` allows.
    """
    photo_format, shape = _read_shape(source)
    _check_pixels(shape, photo_format.max_pixels)
    _check_sides(shape)
    _check_cost(shape)
    return decode(source, photo_format, shape)


def inspect(source: IO[bytes]) -> Picture:
    """Decode and check a picture that is kept as it is.

    Takes a seekable file at any position. Raises PhotoRefusedError like `normalise`; a picture may
    be as small and as narrow as it likes.
    """
    photo_format, shape = _read_shape(source)
    if not photo_format.extension:
        raise refusal("not_a_picture")
    _check_pixels(shape, min(photo_format.max_pixels, LIMITS.max_pixels_made))
    _check_cost(shape)
    decoded = decode(source, photo_format, shape, only_thumbnail=True)
    return Picture(photo_format.extension, shape.width, shape.height, decoded.thumbnail)


def part_of(source: IO[bytes], box: Box) -> NormalisedPhoto:
    """Return a part of a stored photo as a photo of its own, pixel by pixel and encoded alike.

    The same photo and box give the same bytes. Raises PhotoRefusedError like `normalise`.
    """
    return decode(source, *_read_shape(source), crop=box)


def thumbnail_of(source: IO[bytes]) -> bytes:
    """Return a thumbnail of a stored photo. Raises PhotoRefusedError like `normalise`."""
    return decode(source, *_read_shape(source), only_thumbnail=True).thumbnail


def check_bytes(size: int) -> None:
    """Raise PhotoRefusedError if a file of `size` bytes is too large."""
    if size > LIMITS.max_bytes:
        raise refused("too_many_bytes")


def _read_shape(source: IO[bytes]) -> tuple[PhotoFormat, Shape]:
    source.seek(0)
    photo_format = sniff(source.read(HEAD_BYTES))
    check_bytes(source.seek(0, io.SEEK_END))
    return photo_format, photo_format.read_shape(source)


def _check_pixels(shape: Shape, most: int) -> None:
    if shape.width * shape.height > most:
        raise too_many_pixels(most)


def _check_sides(shape: Shape) -> None:
    size = {"width": shape.width, "height": shape.height}
    if LIMITS.is_too_small(**size):
        raise refused("too_small", least=LIMITS.min_side, **size)
    if LIMITS.is_too_narrow(**size):
        raise refused("too_narrow", ratio=LIMITS.max_ratio, **size)


def _check_cost(shape: Shape) -> None:
    if not shape.is_plausible:
        raise refused("damaged")
    if shape.memory > DECODING.memory:
        raise refused("too_much_memory")
