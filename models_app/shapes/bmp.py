"""The shape of a BMP (Microsoft, “Bitmap Storage”: BITMAPFILEHEADER, BITMAPINFOHEADER)."""

from __future__ import annotations

import struct
from typing import IO

from models_app.limits import LIMITS
from models_app.refusals import refused
from models_app.shapes.parts import Parts
from models_app.shapes.shape import NEAR, Shape, resizing_memory

_FILE_HEADER, _OLD_HEADER, _HEADERS = 14, 12, {40, 52, 56, 64, 108, 124}
_RGB, _RLE8, _RLE4, _MASKS = 0, 1, 2, 3
# Compression → bits of a pixel that go with it.
_KINDS = {_RGB: {1, 4, 8, 16, 24, 32}, _RLE8: {8}, _RLE4: {4}, _MASKS: {16, 32}}


def read_bmp(source: IO[bytes]) -> Shape:
    """Return the shape of the picture in `source`. Raises PhotoRefusedError."""
    parts = Parts(source)
    start = int.from_bytes(parts.read(_FILE_HEADER)[10:14], "little")
    width, height, bits, compression = _header(parts)
    if bits not in _KINDS.get(compression, set[int]()):
        kind = f"{compression}, {bits} bit"
        raise refused("unusual_kind", format="BMP", kind=kind)
    if width <= 0 or not height:
        raise refused("damaged")
    size = abs(height) * ((width * bits + 31) // 32 * 4)
    is_packed = compression in {_RLE8, _RLE4}
    is_plausible = is_packed or start + size <= parts.size
    return Shape(
        width, abs(height), _memory(width, abs(height), bits, is_packed=is_packed),
        is_plausible=is_plausible,
    )  # fmt: skip


def _header(parts: Parts) -> tuple[int, int, int, int]:
    """Return sides, bits and compression. A height below zero means top down."""
    size = int.from_bytes(parts.read(4), "little")
    if size == _OLD_HEADER:
        width, height, _, bits = struct.unpack("<HHHH", parts.read(8))
        return width, height, bits, _RGB
    if size not in _HEADERS:
        raise refused("damaged")
    width, height, _, bits, compression = struct.unpack("<iiHHI", parts.read(16))
    return width, height, bits, compression


def _memory(width: int, height: int, bits: int, *, is_packed: bool) -> int:
    """Return what decoding takes: pixels as Pillow keeps them, unpacked ones, a reduced copy."""
    pixels = width * height * (1 if bits <= 8 else 4) + (2 * width * height if is_packed else 0)
    factor = max(1, max(width, height) // (NEAR if bits > 8 else LIMITS.stored_side))
    width, height = -(-width // factor), -(-height // factor)
    reduced, resizing = 4 * width * height, resizing_memory(width, height)
    if factor == 1:
        return pixels + reduced + resizing
    return max(pixels + 2 * reduced, reduced + resizing)
