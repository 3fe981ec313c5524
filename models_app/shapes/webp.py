"""The shape of a WebP (RFC 9649)."""

from __future__ import annotations

import struct
from typing import IO

from models_app.refusals import refused
from models_app.shapes.parts import Parts
from models_app.shapes.shape import Shape

_RIFF_HEADER_SIZE = 12
_FRAME_HEADER_SIZE = 16
_LOSSY, _LOSSLESS, _EXTENDED = b"VP8 ", b"VP8L", b"VP8X"
_FRAME, _ALPHA = b"ANMF", b"ALPH"
_PIXELS = {_LOSSY, _LOSSLESS, _FRAME, _ALPHA}
# libwebp's animation decoder holds two canvases; Pillow copies the frame, and copies it again.
_BYTES_PER_PIXEL = 16


def read_webp(source: IO[bytes]) -> Shape:
    """Return the shape of the picture in `source`, an animation's being that of its canvas.

    Raises PhotoRefusedError.
    """
    parts = Parts(source)
    riff_size = struct.unpack("<4sI4s", parts.read(_RIFF_HEADER_SIZE))[1]
    end = riff_size + 8
    if end > parts.size:
        raise refused("damaged")
    width, height = _canvas(parts, end)
    return Shape(width, height, memory=_BYTES_PER_PIXEL * width * height + parts.size)


def _canvas(parts: Parts, end: int) -> tuple[int, int]:
    """Walk over all chunks; return the sides in the first one that names them."""
    canvas = None
    while end - (parts.size - parts.left) >= 8:
        kind, length = struct.unpack("<4sI", parts.read(8))
        if kind in _PIXELS:
            parts.count_pixels()
        else:
            parts.count_other(length)
        head = parts.read(min(length, _FRAME_HEADER_SIZE))
        sides = _sides(kind, head)
        canvas = canvas or sides
        if sides and canvas and (sides[0] > canvas[0] or sides[1] > canvas[1]):
            raise refused("damaged")  # a picture larger than its canvas
        parts.skip(min(length + length % 2 - len(head), parts.left))
    if canvas is None:
        raise refused("damaged")
    return canvas


def _sides(kind: bytes, head: bytes) -> tuple[int, int] | None:
    """Return the sides that the beginning of a chunk names, None if it names none."""
    if kind == _EXTENDED and len(head) >= 10:
        return _three_bytes(head, 4) + 1, _three_bytes(head, 7) + 1
    if kind == _FRAME and len(head) >= _FRAME_HEADER_SIZE:
        return _three_bytes(head, 6) + 1, _three_bytes(head, 9) + 1
    if kind == _LOSSY and head[3:6] == b"\x9d\x01\x2a" and len(head) >= 10:
        width, height = struct.unpack("<HH", head[6:10])
        return width & 0x3FFF, height & 0x3FFF
    if kind == _LOSSLESS and head[:1] == b"\x2f" and len(head) >= 5:
        sides = int.from_bytes(head[1:5], "little")
        return (sides & 0x3FFF) + 1, (sides >> 14 & 0x3FFF) + 1
    return None


def _three_bytes(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 3], "little")
