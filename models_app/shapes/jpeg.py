"""The shape of a JPEG (ITU-T T.81, Annex B): everything before the data of its first scan."""

from __future__ import annotations

import io
import re
import struct
from dataclasses import dataclass
from typing import IO

from django.utils.translation import gettext

from models_app.limits import STRUCTURE
from models_app.refusals import refused
from models_app.shapes.parts import Parts
from models_app.shapes.shape import NEAR, Shape, resizing_memory

# Markers (table B.1).
_EOI, _SCAN = 0xD9, 0xDA
_STANDALONE = {0x01, *range(0xD0, 0xD9)}
_NOTES = {*range(0xE0, 0xF0), 0xFE}  # application segments and comments
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_BASELINE, _EXTENDED, _PROGRESSIVE = 0xC0, 0xC1, 0xC2
# The others are lossless, hierarchical or arithmetic-coded: no camera makes them.
_TAKEN_FRAMES = {_BASELINE, _EXTENDED, _PROGRESSIVE}
_LOSSLESS, _FIRST_ARITHMETIC = 0xC3, 0xC9
_MARKER = re.compile(rb"\xff([\x01-\xfe])")
_WINDOW = 256  # bytes: a marker follows the segment before it, or a few fill bytes
_SCALES = (8, 4, 2)  # libjpeg skips detail while it decodes


@dataclass(slots=True)
class _Frame:
    """What the frame header says: each component's horizontal and vertical sampling."""

    marker: int
    width: int
    height: int
    samplings: list[tuple[int, int]]

    @property
    def coefficients(self) -> int:
        """How many numbers the whole picture has before it is transformed into pixels."""
        widest = max(h for h, _ in self.samplings)
        tallest = max(v for _, v in self.samplings)
        share = sum(h * v for h, v in self.samplings) / (widest * tallest)
        return int(self.width * self.height * share)


def read_jpeg(source: IO[bytes]) -> Shape:
    """Return the shape of the first image in `source`.

    Embedded previews and what follows the first scan's header are not read: a JPEG that repeats
    its scans is found out by whoever decodes it. Raises PhotoRefusedError.
    """
    return _Reader(source).shape()


class _Reader:
    """Goes from marker to marker; segments are skipped by their length."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._parts = Parts(source)
        self._frame: _Frame | None = None

    def shape(self) -> Shape:
        while (marker := self._next_marker()) != _SCAN:
            self._follow(marker)
        frame, scan = self._frame, self._segment()
        if frame is None or not scan:
            raise refused("damaged")
        is_partial = frame.marker == _PROGRESSIVE or scan[0] < len(frame.samplings)
        return Shape(
            frame.width,
            frame.height,
            memory=_memory(frame, keeps_coefficients=is_partial),
            max_scans=_max_scans(frame) if is_partial else 1,
            scan_at=self._source.tell() if is_partial else 0,
            is_progressive=frame.marker == _PROGRESSIVE,
        )

    def _next_marker(self) -> int:
        """Return the next marker and stop behind it; what lies before it counts."""
        while len(window := self._source.read(_WINDOW)) > 1:
            found = _MARKER.search(window)
            # The last byte may be the first half of a marker.
            passed = found.start() if found else len(window) - 1
            self._parts.count_gap(passed)
            self._source.seek((found.end() if found else passed) - len(window), io.SEEK_CUR)
            if found:
                return found[1][0]
        raise refused("damaged")

    def _follow(self, marker: int) -> None:
        """Take in one segment."""
        if marker == _EOI:
            raise refused("damaged")
        if marker in _STANDALONE:
            self._parts.count_other()
        elif marker in _FRAMES:
            self._parts.count_other()
            self._begin_frame(marker, self._segment())
        else:
            length = self._length()
            self._parts.count_other(length if marker in _NOTES else 0)
            self._parts.skip(length)

    def _segment(self) -> bytes:
        return self._parts.read(max(self._length(), 0))

    def _length(self) -> int:
        return int.from_bytes(self._parts.read(2), "big") - 2

    def _begin_frame(self, marker: int, header: bytes) -> None:
        """Read a frame header (B.2.2): precision, sides, and three bytes per component."""
        if marker not in _TAKEN_FRAMES:
            raise refused("unusual_kind", format="JPEG", kind=_coding(marker))
        if self._frame or len(header) < 6 or len(header) < 6 + 3 * header[5]:
            raise refused("damaged")
        precision, count = header[0], header[5]
        if precision != 8 or count not in {1, 3, 4}:
            kind = f"{precision} × {count} bit"
            raise refused("unusual_kind", format="JPEG", kind=kind)
        samplings = [(byte >> 4, byte & 15) for byte in header[7 : 6 + 3 * count : 3]]
        height, width = struct.unpack(">HH", header[1:5])
        if not width or not height or not all(1 <= n <= 4 for pair in samplings for n in pair):
            raise refused("damaged")
        self._frame = _Frame(marker, width, height, samplings)


def _coding(marker: int) -> str:
    """Return how a picture is coded that is not taken (T.81, table B.1)."""
    if marker >= _FIRST_ARITHMETIC:
        return gettext("arithmetic coding")
    return gettext("lossless coding") if marker == _LOSSLESS else gettext("hierarchical coding")


def _max_scans(frame: _Frame) -> int:
    """Return in how many passes the picture may be stored: each is one over all its pixels."""
    return max(1, min(STRUCTURE.scans, STRUCTURE.scan_pixels // (frame.width * frame.height)))


def _memory(frame: _Frame, *, keeps_coefficients: bool) -> int:
    """Return what decoding takes: pixels at the scale that suffices, coefficients if kept."""
    longest = max(frame.width, frame.height)
    scale = next((scale for scale in _SCALES if longest >= scale * NEAR), 1)
    width, height = -(-frame.width // scale), -(-frame.height // scale)
    coefficients = 2 * frame.coefficients if keeps_coefficients else 0
    pixels = 4 * width * height
    return pixels + max(coefficients, resizing_memory(width, height))
