"""The shape of a PNG (W3C, Portable Network Graphics, third edition)."""

from __future__ import annotations

import struct
from typing import IO

from models_app.limits import LIMITS
from models_app.refusals import refused
from models_app.shapes.parts import Parts
from models_app.shapes.shape import NEAR, Shape, resizing_memory

_SIGNATURE_SIZE, _CRC_SIZE, _HEADER_SIZE = 8, 4, 13
# Colour type → its channels and the bit depths that go with it (table 8).
_KINDS = {
    0: (1, {1, 2, 4, 8, 16}),
    2: (3, {8, 16}),
    3: (1, {1, 2, 4, 8}),
    4: (2, {8, 16}),
    6: (4, {8, 16}),
}
_GREY, _RGB = 0, 2
_PIXELS = {b"IDAT", b"fdAT"}
_CHUNK_HEADER = struct.Struct(">I4s")
# deflate packs 258 bytes into two bits at best (RFC 1951, 3.2.5).
_BEST_PACKING = 1032


def read_png(source: IO[bytes]) -> Shape:
    """Return the shape of the picture in `source`; of an animation, of its first frame.

    Raises PhotoRefusedError.
    """
    parts = Parts(source)
    parts.skip(_SIGNATURE_SIZE)
    length, kind = _CHUNK_HEADER.unpack(parts.read(8))
    if kind != b"IHDR" or length != _HEADER_SIZE:
        raise refused("damaged")
    header = parts.read(_HEADER_SIZE)
    parts.skip(_CRC_SIZE)
    packed_size = _packed_size(parts)
    return _shape(header, packed_size)


def _packed_size(parts: Parts) -> int:
    """Walk over all chunks; return how many bytes of compressed pixels there are."""
    packed_size = 0
    while True:
        length, kind = _CHUNK_HEADER.unpack(parts.read(8))
        if kind in _PIXELS:
            parts.count_pixels()
            packed_size += length if kind == b"IDAT" else 0
        else:
            parts.count_other(length)
        if kind == b"IEND":
            return packed_size
        parts.skip(length + _CRC_SIZE)


def _shape(header: bytes, packed_size: int) -> Shape:
    width, height, bits, colour, compression, filtering, interlace = struct.unpack(
        ">IIBBBBB", header
    )
    channels, depths = _KINDS.get(colour, (0, set()))
    if bits not in depths or compression or filtering or interlace > 1 or not width * height:
        raise refused("damaged")
    size = height * ((width * channels * bits + 7) // 8)
    memory = _memory(width, height, channels, bits, colour)
    is_plausible = size <= packed_size * _BEST_PACKING
    return Shape(width, height, memory, bits=bits, is_plausible=is_plausible)


def _memory(width: int, height: int, channels: int, bits: int, colour: int) -> int:
    """Return what decoding takes: the pixels as Pillow keeps them, and a reduced copy in RGB.

    Pillow keeps one channel in a byte, a 16-bit grey in two, and everything else in four.
    """
    is_deep_grey = bits == 16 and colour == _GREY
    one_channel = 2 if is_deep_grey else 1
    pixels = width * height * (one_channel if channels == 1 else 4)
    is_plain = colour in {_GREY, _RGB} and not is_deep_grey
    factor = max(1, max(width, height) // (NEAR if is_plain else LIMITS.stored_side))
    width, height = -(-width // factor), -(-height // factor)
    reduced = 4 * width * height
    resizing = resizing_memory(width, height)
    if is_plain and factor == 1:
        return pixels + resizing
    return max(pixels + reduced, reduced + resizing)
