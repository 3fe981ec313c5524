"""Decodes HEIC and AVIF photos tile by tile.

A decoder never sees the file that came. It gets one tile at a time, in a file of ours that holds
nothing but this tile and how it is coded: no other pictures, no notes, no turning. HEVC goes to
libheif, AV1 to libavif, through the libraries' own bindings.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import IO

import _pillow_heif  # type: ignore[import-not-found]
from PIL import Image, _avif

from models_app.decoding.colours import profile_of
from models_app.decoding.metadata import MAX_EXIF_BYTES
from models_app.decoding.notes import TRANSPARENCY, exif_of, found_in, profile_named_in
from models_app.decoding.opened import Opened
from models_app.shapes.boxes import Item
from models_app.shapes.heif import Layout, content_of, read_layout

_HEVC = b"hvc1"
_BRANDS = {_HEVC: b"heic", b"av01": b"avif"}
# What a decoder has to know of a tile; `colr` only as numbers, which tell how RGB is made of it.
_PASSED_ON = {b"hvcC", b"av1C", b"ispe", b"pixi"}
_WHITE = (255, 255, 255)
_ROWS = 64
_MOST_BYTES = 2**31 - 1


def read(source: IO[bytes]) -> Opened:
    """Return the primary picture of `source`, decoded while its bands are asked for."""
    layout = read_layout(source)
    bands = _opaque_bands(source, layout)
    exif, found = _notes(source, layout)
    profile = layout.profile or profile_of(layout.nclx) or profile_named_in(exif)
    left, top, right, bottom = layout.crop
    if (left, top, right, bottom) != (0, 0, layout.width, layout.height):
        bands = _cropped(bands, layout.crop)
    return Opened(right - left, bottom - top, bands, profile, layout.orientation, found)


def _notes(source: IO[bytes], layout: Layout) -> tuple[Image.Exif, frozenset[str]]:
    """Return EXIF, and what it and the rest tell; EXIF begins with a number (23008-12, A.2.1)."""
    exif, xmp = Image.Exif(), b""
    for note in layout.notes:
        if not 4 < note.size <= MAX_EXIF_BYTES or note.kind not in {b"Exif", b"mime"}:
            continue
        content = content_of(source, note, most=MAX_EXIF_BYTES)
        if note.kind == b"Exif":
            skipped = int.from_bytes(content[:4], "big")
            exif = exif_of(content[4 + skipped :])
        else:
            xmp += content
    transparent = {TRANSPARENCY} if layout.alpha else set[str]()
    return exif, found_in(exif, xmp) | transparent


def _opaque_bands(source: IO[bytes], layout: Layout) -> Iterator[Image.Image]:
    """Yield the rows on white where they are transparent."""
    if layout.alpha is None:
        yield from _bands(source, layout)
        return
    colours = _Rows(_bands(source, layout))
    masks = _Rows(_bands(source, layout.alpha))
    for top in range(0, layout.height, _ROWS):
        rows = min(_ROWS, layout.height - top)
        colour, mask = colours.take(rows).convert("RGB"), masks.take(rows)
        band = Image.new("RGB", colour.size, _WHITE)
        band.paste(colour, mask=mask.getchannel(0))
        yield band


class _Rows:
    """Gives out rows in other numbers than they come in."""

    def __init__(self, bands: Iterator[Image.Image]) -> None:
        self._bands, self._band, self._at = bands, Image.new("L", (1, 0)), 0

    def take(self, rows: int) -> Image.Image:
        taken: Image.Image | None = None
        filled = 0
        while filled < rows:
            if self._at == self._band.height:
                self._band, self._at = next(self._bands), 0
            stop = min(self._at + rows - filled, self._band.height)
            part = self._band.crop((0, self._at, self._band.width, stop))
            taken = taken or Image.new(part.mode, (part.width, rows))
            taken.paste(part, (0, filled))
            filled, self._at = filled + part.height, stop
        if taken is None:
            raise ValueError("no rows were asked for")
        return taken


def _bands(source: IO[bytes], layout: Layout) -> Iterator[Image.Image]:
    """Yield the picture row of tiles by row of tiles; of a picture coded whole, in strips."""
    if layout.is_whole:
        yield from _Pixels(source, layout, layout.tiles[0]).strips(layout.width, layout.height)
        return
    left = layout.height
    for first in range(0, len(layout.tiles), layout.columns):
        rows = min(layout.tile_height, left)
        band: Image.Image | None = None
        for column, tile in enumerate(layout.tiles[first : first + layout.columns]):
            image = _Pixels(source, layout, tile).whole()
            band = band or Image.new(image.mode, (layout.width, rows))
            band.paste(image, (column * layout.tile_width, 0))
        if band is not None:
            yield band
        left -= rows


def _cropped(
    bands: Iterator[Image.Image], crop: tuple[int, int, int, int]
) -> Iterator[Image.Image]:
    left, top, right, bottom = crop
    at = 0
    for band in bands:
        first, last = max(top - at, 0), min(bottom - at, band.height)
        if first < last:
            yield band.crop((left, first, right, last))
        at += band.height


class _Pixels:
    """The decoded pixels of one tile. Raises what decoders raise, ValueError for other sides."""

    def __init__(self, source: IO[bytes], layout: Layout, tile: Item) -> None:
        still = _still(tile, content_of(source, tile, most=_MOST_BYTES), layout)
        decode = _decode_hevc if tile.kind == _HEVC else _decode_av1
        size, self._mode, self._stride, self._data = decode(still)
        self._size = (layout.tile_width, layout.tile_height)
        if size != self._size:
            raise ValueError("a tile has other sides than it says")

    def whole(self) -> Image.Image:
        return self._rows(0, self._size[1])

    def strips(self, width: int, height: int) -> Iterator[Image.Image]:
        for top in range(0, height, _ROWS):
            rows = self._rows(top, min(top + _ROWS, height))
            yield rows if rows.width == width else rows.crop((0, 0, width, rows.height))

    def _rows(self, top: int, bottom: int) -> Image.Image:
        part = bytes(memoryview(self._data)[top * self._stride : bottom * self._stride])
        size = (self._size[0], bottom - top)
        image = Image.frombuffer(self._mode, size, part, "raw", self._mode, self._stride, 1)
        return image if self._mode in {"L", "RGB"} else image.convert("RGB")


_Decoded = tuple[tuple[int, int], str, int, bytes]


def _decode_hevc(still: bytes) -> _Decoded:
    """Return sides, mode, bytes per row and pixels, in eight bits and with one thread."""
    options = {"threads": 1, "to_8_bit": True, "bgr": False, "packed": True, "to_16_bit": False}
    images, _ = _pillow_heif.load_file(still, *options.values(), "", False)
    image = images[0]
    size, mode = image.size_mode
    # A copy: with the decoder's own go its planes, which are half as much again.
    return size, mode, image.stride, bytes(image.data)


def _decode_av1(still: bytes) -> _Decoded:
    decoder = _avif.AvifDecoder(still, "auto", 1)
    size, _, mode, *_ = decoder.get_info()
    data = decoder.get_frame(0)[0]
    return size, mode, len(mode) * size[0], data


def _still(tile: Item, data: bytes, layout: Layout) -> bytes:
    """Return a file with one picture (23008-12, 10.2; 14496-12, 8.11)."""
    properties = [_box(kind, content) for kind, content in tile.properties if kind in _PASSED_ON]
    if layout.nclx:
        colours = struct.pack(">HHH", *layout.nclx) + (b"\x80" if layout.is_full_range else b"\0")
        properties.append(_box(b"colr", b"nclx" + colours))
    brand = _BRANDS[tile.kind]
    head = _box(b"ftyp", brand + bytes(4) + brand + b"mif1miaf")
    size = len(_meta(tile.kind, properties, 0, 0))
    meta = _meta(tile.kind, properties, len(head) + size + 8, len(data))
    return head + meta + _box(b"mdat", data)


def _meta(kind: bytes, properties: list[bytes], at: int, length: int) -> bytes:
    entry = _box(b"infe", b"\x02\0\0\0" + struct.pack(">HH4s", 1, 0, kind) + b"\0")
    indices = bytes(0x80 | number for number in range(1, len(properties) + 1))
    links = struct.pack(">IIHB", 0, 1, 1, len(properties)) + indices
    return _box(
        b"meta",
        bytes(4)
        + _box(b"hdlr", bytes(8) + b"pict" + bytes(13))
        + _box(b"pitm", bytes(4) + struct.pack(">H", 1))
        + _box(b"iinf", bytes(4) + struct.pack(">H", 1) + entry)
        + _box(b"iloc", struct.pack(">IHHHHHII", 0, 0x4400, 1, 1, 0, 1, at, length))
        + _box(b"iprp", _box(b"ipco", b"".join(properties)) + _box(b"ipma", links)),
    )


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content) + 8, kind) + content
