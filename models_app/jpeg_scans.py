"""Counts the scans of a JPEG without decoding it.

A progressive JPEG may repeat its scans without end, each a few bytes long and each a full pass
over the picture: a small file that decodes for hours. libjpeg warns of this and leaves the
limit to its caller (libjpeg-turbo's “Two Issues with the JPEG Standard”).
"""

from __future__ import annotations

import re
from typing import IO

_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
_SCAN_MARKER = bytes([0xFF, _START_OF_SCAN])
# Inside coded data 0xFF is followed by 0 or a restart number; anything else is a marker.
_MARKER = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])")
_STANDALONE = {0x01, 0xD8}


def has_scans(source: IO[bytes], *, at_least: int) -> bool:
    """Return whether the first image of `source` has `at_least` that many scans.

    Reads it from its start. Embedded previews and data after the image are not counted,
    because segments are skipped by their length.
    """
    source.seek(0)
    data = source.read()
    # Enough for nearly every file, and far faster than reading its markers.
    if data.count(_SCAN_MARKER) < at_least:
        return False
    scans = 0
    marker = _MARKER.search(data)
    while marker and scans < at_least:
        kind, end = marker[1][0], marker.end()
        if kind == _END_OF_IMAGE:
            break
        scans += kind == _START_OF_SCAN
        length = 0 if kind in _STANDALONE else int.from_bytes(data[end : end + 2], "big")
        marker = _MARKER.search(data, end + length)
    return scans >= at_least
