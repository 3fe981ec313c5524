"""Counts the scans of a JPEG (ITU-T T.81, Annex B), which takes a walk over all of its data.

A progressive JPEG may repeat its scans without end, each a few bytes long and each a full pass
over the picture: a small file that decodes for hours. libjpeg warns of this and leaves the
limit to its caller (libjpeg-turbo's “Two Issues with the JPEG Standard”).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import IO

_EOI, _SCAN = 0xD9, 0xDA
_STANDALONE = {0x01, 0xD8}
# Inside coded data 0xFF is followed by 0 or a restart number; anything else is a marker.
_MARKER = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])")
_WINDOW = 256 * 1024


class TooManyScansError(Exception):
    """The picture is stored in more passes than its shape allows."""


def check_scans(source: IO[bytes], start: int, most: int) -> None:
    """Raise TooManyScansError if the scan that begins at `start` is the first of too many.

    Embedded previews and data after the image are not counted. Leaves the file where it was.
    """
    before, found = source.tell(), 0
    source.seek(start)
    for marker in _markers(source):
        found += marker == _SCAN
        if found > most:
            raise TooManyScansError
    source.seek(before)


def _markers(source: IO[bytes]) -> Iterator[int]:
    """Yield the markers from here to the end of the image, past the segments they begin."""
    while (marker := _next_marker(source)) not in {None, _EOI}:
        yield marker or 0
        if marker not in _STANDALONE:
            source.seek(max(int.from_bytes(source.read(2), "big") - 2, 0), io.SEEK_CUR)


def _next_marker(source: IO[bytes]) -> int | None:
    """Return the next marker and stop behind it; None at the end of the file."""
    while True:
        start = source.tell()
        window = source.read(_WINDOW)
        if found := _MARKER.search(window):
            source.seek(start + found.end())
            return found[1][0]
        if len(window) < _WINDOW:
            return None
        if window.endswith(b"\xff"):  # perhaps the first half of a marker
            source.seek(-1, io.SEEK_CUR)
