"""The shape of a HEIC or AVIF photo (ISO/IEC 23008-12): its primary picture and nothing else.

Bursts, films, previews, depth and gain maps are in the same file and are left alone. The primary
picture is coded whole or, by phones, as a grid of tiles; each of them is decoded by itself, so
that memory does not grow with the photo.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from typing import IO

from models_app.errors import PhotoRefusedError
from models_app.limits import LIMITS, STRUCTURE
from models_app.refusals import refused, too_many_pixels
from models_app.shapes.boxes import Fields, Item, Items, read_items
from models_app.shapes.shape import Shape, banded_memory

_HEVC, _AV1, _GRID, _SAME = b"hvc1", b"av01", b"grid", b"iden"
_CODED = {_HEVC: b"hvcC", _AV1: b"av1C"}
_TRANSFORMS = {b"clap", b"irot", b"imir"}
_TRANSPARENCY = (b"urn:mpeg:hevc:2015:auxid:1\0", b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0")
# Up to here decoding takes no longer than other photos; beyond, so much longer as there is more.
_USUAL_PIXELS = 12_000_000
# What decoders hold for a pixel, in eight bits and in more: planes, RGB, and copies on the way.
# Measured on pictures of 12 and 24 megapixels, and then some for full colour resolution.
_BYTES_PER_PIXEL = {_HEVC: (8, 12), _AV1: (10, 13)}
_BYTES_KEPT = 3  # of a picture coded whole, while its rows are taken
# (quarter turns to the left after a mirroring, mirrored left to right) → EXIF's orientation.
_ORIENTATIONS = {
    (0, False): 1, (0, True): 2, (2, False): 3, (2, True): 4,
    (1, True): 5, (3, False): 6, (3, True): 7, (1, False): 8,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Layout:
    """How a picture is put together: `columns` of tiles, row by row, cut to the sides.

    `kind` is the coding of all tiles. `crop` is the part of it that counts: left, top, right,
    bottom. `orientation` is EXIF's. `nclx` are its colours as numbers (ITU-T H.273): primaries,
    transfer, matrix; `is_full_range` tells how they are coded. `profile` is an ICC profile.
    `notes` are EXIF and XMP.
    """

    kind: bytes
    width: int
    height: int
    tile_width: int
    tile_height: int
    columns: int
    tiles: tuple[Item, ...]
    bits: int
    crop: tuple[int, int, int, int]
    orientation: int
    profile: bytes | None
    nclx: tuple[int, int, int] | None
    is_full_range: bool
    alpha: Layout | None = None
    notes: tuple[Item, ...] = ()

    @property
    def is_whole(self) -> bool:
        return len(self.tiles) == 1


def read_heif(source: IO[bytes]) -> Shape:
    """Return the shape of the primary picture in `source`. Raises PhotoRefusedError."""
    layout = read_layout(source)
    left, top, right, bottom = layout.crop
    effort = max(1.0, layout.width * layout.height / _USUAL_PIXELS)
    memory = _memory(layout)
    return Shape(right - left, bottom - top, memory, bits=layout.bits, effort=effort)


def read_layout(source: IO[bytes]) -> Layout:
    """Return how the primary picture in `source` is put together. Raises PhotoRefusedError."""
    items = read_items(source)
    size = source.seek(0, 2)
    layout = _layout(source, size, items, items.item(items.primary))
    if layout.width * layout.height > LIMITS.max_pixels:
        raise too_many_pixels(LIMITS.max_pixels)
    return layout


def _layout(
    source: IO[bytes], size: int, items: Items, item: Item, *, is_alpha: bool = False
) -> Layout:
    item = _coded_once(items, item)
    columns, tiles, sides = _tiles(source, items, item)
    first = tiles[0]
    if any(not tile.extents or _ends(tile) > size for tile in tiles):
        raise refused("damaged")
    tile_sides = _sides(first)
    if any(_sides(tile) != tile_sides or tile.kind != first.kind for tile in tiles):
        raise refused("damaged")
    _check_grid(columns, len(tiles), tile_sides, sides)
    nclx, is_full_range = _nclx(item) or _nclx(first) or (None, False)
    return Layout(
        first.kind, *sides, *tile_sides, columns, tiles,
        bits=_bits(first),
        crop=_crop(item, *sides),
        orientation=_orientation(item),
        profile=_profile(item) or _profile(first),
        nclx=nclx,
        is_full_range=is_full_range,
        alpha=None if is_alpha else _alpha(source, size, items, item),
        notes=tuple(items.notes(item.number)),
    )  # fmt: skip


def _coded_once(items: Items, item: Item) -> Item:
    """Return what a picture that only turns or crops another (23008-12, 6.6.2.1) comes to: that
    other with what is said of both.

    One that is turned itself would be cropped in other places than it is coded: it is unusual.
    """
    if item.kind != _SAME:
        return item
    numbers = items.references.get((b"dimg", item.number), [])
    if len(numbers) != 1:
        raise refused("damaged")
    other = items.item(numbers[0])
    if other.kind == _SAME or any(kind in _TRANSFORMS for kind, _ in other.properties):
        raise _unusual(item)
    for (kind, origin), targets in list(items.references.items()):
        if kind in {b"auxl", b"cdsc"} and item.number in targets:
            items.references[kind, origin] = [*targets, other.number]
    more = [one for one in item.properties if other.said(one[0]) is None]
    return replace(other, properties=[*other.properties, *more])


def _tiles(
    source: IO[bytes], items: Items, item: Item
) -> tuple[int, tuple[Item, ...], tuple[int, int]]:
    """Return columns, tiles, and the sides of the whole."""
    if item.kind in _CODED:
        return 1, (item,), _sides(item)
    if item.kind != _GRID:
        raise _unusual(item)
    rows, columns, sides = _grid(content_of(source, item, most=64))
    numbers = items.references.get((b"dimg", item.number), [])
    if len(numbers) > STRUCTURE.other_parts:
        raise refused("too_many_parts")
    if len(numbers) != rows * columns:
        raise refused("damaged")
    return columns, tuple(items.item(number) for number in numbers), sides


def _unusual(item: Item) -> PhotoRefusedError:
    kind = item.kind.decode("ascii", "replace")
    return refused("unusual_kind", format="HEIC", kind=kind)


def content_of(source: IO[bytes], item: Item, *, most: int) -> bytes:
    """Return an item's bytes from the file. Raises PhotoRefusedError for more than `most`."""
    # No file reaches a place that it cannot have, and no system seeks there.
    if not 0 < item.size <= most or _ends(item) > source.seek(0, 2):
        raise refused("damaged")
    content = b""
    for at, length in item.extents:
        source.seek(at)
        content += source.read(length)
    if len(content) != item.size:
        raise refused("damaged")
    return content


def _grid(content: bytes) -> tuple[int, int, tuple[int, int]]:
    """Return rows, columns and sides of a grid (23008-12, 6.6.2.3)."""
    fields = Fields(content)
    fields.take(1)
    size = 4 if fields.number(1) & 1 else 2
    rows, columns = fields.number(1) + 1, fields.number(1) + 1
    return rows, columns, (fields.number(size), fields.number(size))


def _check_grid(columns: int, count: int, tile: tuple[int, int], whole: tuple[int, int]) -> None:
    """Every tile is needed, and they cover the whole."""
    rows = count // columns
    for tiles, side, total in ((columns, tile[0], whole[0]), (rows, tile[1], whole[1])):
        if not (tiles - 1) * side < total <= tiles * side:
            raise refused("damaged")


def _sides(item: Item) -> tuple[int, int]:
    content = item.said(b"ispe")
    if content is None or len(content) < 12:
        raise refused("damaged")
    width, height = struct.unpack(">II", content[4:12])
    if not width or not height:
        raise refused("damaged")
    return width, height


def _ends(item: Item) -> int:
    return max(at + length for at, length in item.extents)


def _bits(item: Item) -> int:
    """Return the bits of one colour: of `hvcC` the luma's (14496-15, 8.3.3), of `av1C` two flags
    (AV1-ISOBMFF, 2.3)."""
    kind = _CODED.get(item.kind)
    content = item.said(kind) if kind else None
    if content is None or len(content) < 4:
        raise refused("damaged")
    if item.kind == _AV1:
        is_deep, is_twelve = content[2] >> 6 & 1, content[2] >> 5 & 1
        return (12 if is_twelve else 10) if is_deep else 8
    if len(content) < 23:
        raise refused("damaged")
    return 8 + (content[17] & 7)


def _crop(item: Item, width: int, height: int) -> tuple[int, int, int, int]:
    """Return the part that `clap` leaves (14496-12, 12.1.4.3): sides and offsets of the centre,
    each a fraction."""
    content = item.said(b"clap")
    if content is None or len(content) < 32:
        return 0, 0, width, height
    numbers = struct.unpack(">IIIIiIiI", content[:32])
    if not all(numbers[1::2]):
        raise refused("damaged")
    wide, high, right, down = (n / d for n, d in zip(numbers[::2], numbers[1::2], strict=True))
    left = round((width - wide) / 2 + right)
    top = round((height - high) / 2 + down)
    crop = left, top, left + round(wide), top + round(high)
    if not (0 <= left < crop[2] <= width and 0 <= top < crop[3] <= height):
        raise refused("damaged")
    return crop


def _orientation(item: Item) -> int:
    """Return what turning and mirroring come to, applied in their order; EXIF has no say here."""
    turns, is_mirrored = 0, False
    for kind, content in item.properties:
        if kind == b"irot" and content:
            turns = (turns + (content[0] & 3)) % 4
        elif kind == b"imir" and content:
            # Upside down is left to right and half a turn.
            turns = (-turns + (0 if content[0] & 1 else 2)) % 4
            is_mirrored = not is_mirrored
    return _ORIENTATIONS[turns, is_mirrored]


def _profile(item: Item) -> bytes | None:
    for kind, content in item.properties:
        if kind == b"colr" and content[:4] in {b"prof", b"rICC"}:
            return content[4:]
    return None


def _nclx(item: Item) -> tuple[tuple[int, int, int], bool] | None:
    """Return the colours as numbers, and whether they use the full range."""
    for kind, content in item.properties:
        if kind == b"colr" and content[:4] == b"nclx" and len(content) >= 11:
            primaries, transfer, matrix, flags = struct.unpack(">HHHB", content[4:11])
            return (primaries, transfer, matrix), bool(flags & 0x80)
    return None


def _alpha(source: IO[bytes], size: int, items: Items, item: Item) -> Layout | None:
    """Return the layout of the picture's transparency, if it has one."""
    for other in items.auxiliaries(item.number):
        if (other.said(b"auxC") or b"")[4:].startswith(_TRANSPARENCY):
            alpha = _layout(source, size, items, other, is_alpha=True)
            same = (alpha.width, alpha.height) == _sides(item)
            return alpha if same else None
    return None


def _memory(layout: Layout) -> int:
    """Return what it takes to decode one tile after another and to keep them reduced.

    While a picture coded whole is being decoded nothing else is kept; later its bytes are.
    """
    pixels, layers = layout.tile_width * layout.tile_height, 2 if layout.alpha else 1
    each = _BYTES_PER_PIXEL[layout.kind][layout.bits > 8]
    decoding = each * pixels + 2 * max(item.size for item in layout.tiles)
    rows = 0 if layout.is_whole else layout.tile_height
    bands = banded_memory(layout.width, layout.height, rows, layers)
    if not layout.is_whole:
        return layers * decoding + bands
    kept = _BYTES_KEPT * pixels
    return max(decoding + (layers - 1) * kept, layers * kept + bands)
