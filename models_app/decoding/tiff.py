"""Decodes the first page of a TIFF a few rows at a time.

Pillow never sees the file that came. It gets one tile, or a few strips, in a file of ours that
holds nothing but these and how they are coded.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import IO

from PIL import Image, ImageCms, ImageOps, TiffImagePlugin

from models_app.decoding.bands import strips
from models_app.decoding.notes import DETAILS, LOCATION, MORE, TRANSPARENCY
from models_app.decoding.opened import Opened
from models_app.decoding.plain import in_eight_bits, opaque
from models_app.shapes.tiff import (
    BAND_ROWS,
    COPIED,
    EXTRA_SAMPLES,
    HEIGHT,
    PHOTOMETRIC,
    PLAIN,
    PLANAR,
    ROWS_PER_STRIP,
    STRIP_OFFSETS,
    STRIP_SIZES,
    WIDTH,
    Page,
    Value,
    read_page,
)

# Tags: a place; who made the picture, with what and when, in which program; XMP, IPTC, Photoshop.
_GPS = 34853
_DETAILS = {269, 270, 271, 272, 285, 305, 306, 315, 316, 700, 33432, 33723, 34377, 34665}
_SHORT, _LONG = 3, 4
_BLACK_IS_ZERO = 1
_LAB = ImageCms.createProfile("LAB")
_SRGB = ImageCms.createProfile("sRGB")


def read(source: IO[bytes]) -> Opened:
    """Return the first page of `source`, decoded while its bands are asked for."""
    page = read_page(source)
    bands = _tiled(source, page) if page.is_tiled else _in_strips(source, page)
    return Opened(
        page.width, page.height, bands, page.profile, page.orientation, frozenset(_found(page))
    )


def _found(page: Page) -> Iterator[str]:
    if _GPS in page.others:
        yield LOCATION
    if page.others & _DETAILS:
        yield DETAILS
    if page.has_more:
        yield MORE
    if EXTRA_SAMPLES in page.tags:
        yield TRANSPARENCY


def _in_strips(source: IO[bytes], page: Page) -> Iterator[Image.Image]:
    """Yield bands of as many strips as make a few rows, or of a part of a strip."""
    if page.compression == PLAIN and page.piece_height > BAND_ROWS:
        yield from _parts_of_strips(source, page)
        return
    together = max(1, BAND_ROWS // page.piece_height)
    for first in range(0, page.rows, together):
        last = min(first + together, page.rows)
        top = first * page.piece_height
        rows = min(last * page.piece_height, page.height) - top
        numbers = [
            plane * page.rows + strip
            for plane in range(page.planes)
            for strip in range(first, last)
        ]
        pieces = [_read(source, page.offsets[at], page.sizes[at]) for at in numbers]
        yield from _decoded(page, pieces, page.width, rows, min(page.piece_height, rows))


def _parts_of_strips(source: IO[bytes], page: Page) -> Iterator[Image.Image]:
    """Yield bands of uncompressed strips, which can be cut anywhere between two rows."""
    for strip in range(page.rows):
        top = strip * page.piece_height
        for first in range(0, min(page.piece_height, page.height - top), BAND_ROWS):
            rows = min(BAND_ROWS, page.piece_height - first, page.height - top - first)
            size = rows * page.row_bytes
            pieces = [
                _read(
                    source, page.offsets[plane * page.rows + strip] + first * page.row_bytes, size
                )
                for plane in range(page.planes)
            ]
            yield from _decoded(page, pieces, page.width, rows, rows)


def _tiled(source: IO[bytes], page: Page) -> Iterator[Image.Image]:
    """Yield a row of tiles after the other, cut to the page's sides."""
    count = page.rows * page.columns
    for row in range(page.rows):
        rows = min(page.piece_height, page.height - row * page.piece_height)
        band: Image.Image | None = None
        for column in range(page.columns):
            numbers = [plane * count + row * page.columns + column for plane in range(page.planes)]
            pieces = [_read(source, page.offsets[at], page.sizes[at]) for at in numbers]
            tops = 0
            sides = page.piece_width, page.piece_height
            for part in _decoded(page, pieces, *sides, page.piece_height):
                band = band or Image.new(part.mode, (page.width, rows))
                band.paste(part, (column * page.piece_width, tops))
                tops += part.height
        if band is not None:
            yield band


def _decoded(
    page: Page, pieces: list[bytes], width: int, height: int, rows: int
) -> Iterator[Image.Image]:
    """Yield a decoded piece in narrow bands, opaque and in eight bits."""
    with TiffImagePlugin.TiffImageFile(io.BytesIO(_file(page, pieces, width, height, rows))) as one:
        if one.size != (width, height):
            raise ValueError("a piece has other sides than it says")
        one.load()
        whole = one._new(one.im)
    for band in strips(whole, BAND_ROWS):
        yield _plain(band, is_inverted=_is_deep_negative(page))


def _is_deep_negative(page: Page) -> bool:
    """Whether zero is white in 16 bits: Pillow inverts the other depths only."""
    return page.bits == 16 and not page.tags[PHOTOMETRIC].content.strip(b"\0")


def _plain(band: Image.Image, *, is_inverted: bool) -> Image.Image:
    if band.mode == "LAB":
        converted = ImageCms.profileToProfile(band, _LAB, _SRGB, outputMode="RGB")
        return converted or band
    plain = opaque(in_eight_bits(band))
    return ImageOps.invert(plain) if is_inverted else plain


def _file(page: Page, pieces: list[bytes], width: int, height: int, rows: int) -> bytes:
    """Return a TIFF of these pieces as strips of `rows` (TIFF 6.0, section 2)."""
    tags = {tag: value for tag, value in page.tags.items() if tag in COPIED}
    if _is_deep_negative(page):
        tags[PHOTOMETRIC] = Value(_SHORT, 1, struct.pack(f"{page.order}H", _BLACK_IS_ZERO))
    if page.planes == 1:
        tags.pop(PLANAR, None)
    places = [8 + sum(map(len, pieces[:at])) for at in range(len(pieces))]
    for tag, numbers in (
        (WIDTH, [width]),
        (HEIGHT, [height]),
        (ROWS_PER_STRIP, [rows]),
        (STRIP_OFFSETS, places),
        (STRIP_SIZES, list(map(len, pieces))),
    ):
        content = struct.pack(f"{page.order}{len(numbers)}I", *numbers)
        tags[tag] = Value(_LONG, len(numbers), content)
    pixels = b"".join(pieces)
    pixels += bytes(len(pixels) % 2)
    start = 8 + len(pixels)
    head = (b"II" if page.order == "<" else b"MM") + struct.pack(f"{page.order}HI", 42, start)
    return head + pixels + _directory(page.order, tags, start)


def _directory(order: str, tags: dict[int, Value], start: int) -> bytes:
    entries, behind = b"", b""
    at = start + 2 + 12 * len(tags) + 4
    for tag, value in sorted(tags.items()):
        field = value.content.ljust(4, b"\0")
        if len(value.content) > 4:
            field = struct.pack(f"{order}I", at + len(behind))
            behind += value.content + bytes(len(value.content) % 2)
        entries += struct.pack(f"{order}HHI", tag, value.kind, value.count) + field
    return struct.pack(f"{order}H", len(tags)) + entries + bytes(4) + behind


def _read(source: IO[bytes], at: int, size: int) -> bytes:
    source.seek(at)
    data = source.read(size)
    if len(data) < size:
        raise ValueError("the file ends too early")
    return data
