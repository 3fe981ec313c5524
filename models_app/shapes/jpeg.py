"""The shape of a JPEG (ITU-T T.81, Annex B).

A progressive JPEG may repeat its scans without end, each a few bytes long and each a full pass
over the picture: a small file that decodes for hours. libjpeg warns of this and leaves the
limit to its caller (libjpeg-turbo's “Two Issues with the JPEG Standard”).
"""

from __future__ import annotations

import io
import re
import struct
from dataclasses import dataclass
from itertools import chain, repeat
from typing import IO

from models_app.limits import STRUCTURE
from models_app.refusals import refused
from models_app.shapes.parts import Parts
from models_app.shapes.shape import NEAR, Shape, resizing_memory

# Markers (table B.1).
_EOI, _SCAN = 0xD9, 0xDA
_STANDALONE = {0x01, 0xD8}
_NOTES = {*range(0xE0, 0xF0), 0xFE}  # application segments and comments
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_BASELINE, _EXTENDED, _PROGRESSIVE = 0xC0, 0xC1, 0xC2
# The others are lossless, hierarchical or arithmetic-coded: no camera makes them.
_TAKEN_FRAMES = {_BASELINE, _EXTENDED, _PROGRESSIVE}
# Inside coded data 0xFF is followed by 0 or a restart number; anything else is a marker.
_MARKER = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])")
_WINDOWS = (64, 256 * 1024)
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

    Embedded previews and data after the image are not read. Raises PhotoRefusedError.
    """
    return _Reader(source).shape()


class _Reader:
    """Goes from marker to marker; segments are skipped by their length."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._parts = Parts(source)
        self._frame: _Frame | None = None
        self._scans = 0
        self._is_partial = False  # one scan is not the whole picture

    def shape(self) -> Shape:
        while self._follow(self._next_marker()):
            pass
        if self._frame is None or not self._scans:
            raise refused("damaged")
        frame = self._frame
        return Shape(
            frame.width,
            frame.height,
            memory=_memory(frame, keeps_coefficients=self._is_partial),
            scans=self._scans,
            is_progressive=frame.marker == _PROGRESSIVE,
        )

    def _next_marker(self) -> int | None:
        """Return the next marker and stop behind it; None at the end of the file."""
        windows = chain([_WINDOWS[0]], repeat(_WINDOWS[1]))
        for size in windows:
            start = self._source.tell()
            window = self._source.read(size)
            if found := _MARKER.search(window):
                self._source.seek(start + found.end())
                return found[1][0]
            if len(window) < size:
                return None
            if window.endswith(b"\xff"):  # perhaps the first half of a marker
                self._source.seek(-1, io.SEEK_CUR)
        return None

    def _follow(self, marker: int | None) -> bool:
        """Take in one segment; return whether another can matter."""
        if marker is None or marker == _EOI:
            return False
        if marker in _STANDALONE:
            self._parts.count_other()
            return True
        length = int.from_bytes(self._parts.read(2), "big") - 2
        self._parts.count_other(length if marker in _NOTES else 0)
        if marker in _FRAMES:
            self._begin_frame(marker, self._parts.read(max(length, 0)))
        elif marker == _SCAN:
            return self._begin_scan(self._parts.read(max(length, 0)))
        else:
            self._parts.skip(length)
        return True

    def _begin_frame(self, marker: int, header: bytes) -> None:
        """Read a frame header (B.2.2): precision, sides, and three bytes per component."""
        if marker not in _TAKEN_FRAMES:
            raise refused("unusual_kind", format="JPEG", kind=f"SOF{marker - 0xC0}")
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

    def _begin_scan(self, header: bytes) -> bool:
        """Count a scan (B.2.3); return whether others may follow that decoders read."""
        frame = self._frame
        if frame is None or not header:
            raise refused("damaged")
        self._scans += 1
        passed = self._scans * frame.width * frame.height if self._scans > 1 else 0
        if self._scans > STRUCTURE.scans or passed > STRUCTURE.scan_pixels:
            raise refused("too_many_scans")
        self._is_partial |= frame.marker == _PROGRESSIVE or header[0] < len(frame.samplings)
        return self._is_partial


def _memory(frame: _Frame, *, keeps_coefficients: bool) -> int:
    """Return what decoding takes: pixels at the scale that suffices, coefficients if kept."""
    longest = max(frame.width, frame.height)
    scale = next((scale for scale in _SCALES if longest >= scale * NEAR), 1)
    width, height = -(-frame.width // scale), -(-frame.height // scale)
    coefficients = 2 * frame.coefficients if keeps_coefficients else 0
    pixels = 4 * width * height
    return pixels + max(coefficients, resizing_memory(width, height))
