"""HEIC and AVIF files as phones build them: grids of tiles, with much besides the picture.

Encoders make a tile; the boxes around it (ISO/IEC 14496-12, 23008-12) are written here, so that
files of any size and any oddity cost no more than one tile.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

from PIL import Image

from models_app.shapes.boxes import Item, read_items
from tests.models_app import photographs as photo

Properties = Sequence[tuple[bytes, bytes]]
TURNS = {  # EXIF's orientation → what a phone writes for it
    1: (), 2: ((b"imir", b"\1"),), 3: ((b"irot", b"\2"),), 4: ((b"imir", b"\0"),),
    5: ((b"irot", b"\1"), (b"imir", b"\0")), 6: ((b"irot", b"\3"),),
    7: ((b"irot", b"\3"), (b"imir", b"\0")), 8: ((b"irot", b"\1"),),
}  # fmt: skip


@dataclass
class Part:
    """An item of a file: what it is, its bytes, what is said of it, what it refers to."""

    kind: bytes
    data: bytes
    properties: list[tuple[bytes, bytes]] = field(default_factory=list)
    refers: list[tuple[bytes, list[int]]] = field(default_factory=list)


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content) + 8, kind) + content


def sides(width: int, height: int) -> tuple[bytes, bytes]:
    return b"ispe", bytes(4) + struct.pack(">II", width, height)


def profile(icc: bytes) -> tuple[bytes, bytes]:
    return b"colr", b"prof" + icc


def colours(primaries: int, transfer: int, matrix: int = 6, *, full: bool = True) -> tuple:
    content = struct.pack(">HHHB", primaries, transfer, matrix, 0x80 if full else 0)
    return b"colr", b"nclx" + content


def file(
    parts: Sequence[Part], *, primary: int = 1, brand: bytes = b"heic", behind: bytes = b""
) -> bytes:
    """Return a file of these items, numbered from 1; `behind` comes after it."""
    head = box(b"ftyp", brand + bytes(4) + b"mif1miaf" + brand)
    size = len(_meta(parts, primary, 0))
    pixels = b"".join(part.data for part in parts)
    meta = _meta(parts, primary, len(head) + size + 8)
    return head + meta + box(b"mdat", pixels) + behind


def _meta(parts: Sequence[Part], primary: int, at: int) -> bytes:
    known: list[tuple[bytes, bytes]] = []
    kinds = places = links = references = b""
    for number, part in enumerate(parts, 1):
        kinds += box(b"infe", b"\2\0\0\0" + struct.pack(">HH4s", number, 0, part.kind) + b"\0")
        places += struct.pack(">HHHII", number, 0, 1, at, len(part.data))
        at += len(part.data)
        known += [one for one in part.properties if one not in known]
        indices = [0x8000 | (known.index(one) + 1) for one in part.properties]
        links += struct.pack(f">HB{len(indices)}H", number, len(indices), *indices)
        for kind, targets in part.refers:
            numbers = struct.pack(f">HH{len(targets)}H", number, len(targets), *targets)
            references += box(kind, numbers)
    count = struct.pack(">H", len(parts))
    boxes = b"".join(box(kind, content) for kind, content in known)
    return box(
        b"meta",
        bytes(4)
        + box(b"hdlr", bytes(8) + b"pict" + bytes(13))
        + box(b"pitm", bytes(4) + struct.pack(">H", primary))
        + box(b"iinf", bytes(4) + count + kinds)
        + box(b"iloc", struct.pack(">IH", 0, 0x4400) + count + places)
        + box(b"iref", bytes(4) + references)
        + box(
            b"iprp",
            box(b"ipco", boxes) + box(b"ipma", b"\0\0\0\1" + struct.pack(">I", len(parts)) + links),
        ),
    )


def coded(image: Image.Image, *more: tuple[bytes, bytes], name: str = "HEIF", **options) -> Part:
    """Return a picture coded whole, with what its decoder has to know and `more`."""
    data = photo.encoded(image, name, **options).getvalue()
    items = read_items(io.BytesIO(data))
    item: Item = items.items[items.primary]
    at, length = item.extents[0]
    kept = [one for one in item.properties if one[0] in {b"hvcC", b"av1C", b"ispe", b"pixi"}]
    return Part(item.kind, data[at : at + length], [*kept, *more])


def grid(
    tiles: Sequence[Part], columns: int, width: int, height: int, *more: tuple[bytes, bytes]
) -> list[Part]:
    """Return the parts of a picture made of tiles: it comes first, so it has the number 1."""
    rows = len(tiles) // columns
    shape = struct.pack(">BBBBII", 0, 1, rows - 1, columns - 1, width, height)
    numbers = list(range(2, 2 + len(tiles)))
    whole = Part(b"grid", shape, [sides(width, height), *more], [(b"dimg", numbers)])
    return [whole, *tiles]


def tiled(image: Image.Image, side: int = 512, *more: tuple[bytes, bytes], **options) -> bytes:
    """Return a picture as phones store it: cut into square tiles, the last ones filled up."""
    width, height = image.size
    columns, rows = -(-width // side), -(-height // side)
    places = [(x * side, y * side) for y in range(rows) for x in range(columns)]
    tiles = [image.crop((x, y, x + side, y + side)) for x, y in places]
    parts = [coded(tile, **options) for tile in tiles]
    return file(grid(parts, columns, width, height, *more))


def large(width: int, height: int, *, side: int = 512, **options) -> bytes:
    """Return a photo of many megapixels, all of whose tiles are the same."""
    tile = coded(photo_detail(side, side), **options)
    columns, rows = -(-width // side), -(-height // side)
    return file(grid([tile] * (columns * rows), columns, width, height))


def photo_detail(width: int, height: int) -> Image.Image:
    """Return a picture with some detail at every scale."""
    fine = Image.effect_noise((width, height), 20)
    coarse = Image.effect_noise((width // 32, height // 32), 90).resize((width, height))
    return Image.merge("RGB", [Image.blend(coarse, fine, 0.3), coarse, fine])
