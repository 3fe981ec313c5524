"""The shape of a TIFF (TIFF 6.0 and its supplements): its first page, in strips or tiles.

Scanners write strips, often of a single row; some programs write tiles, or everything in one
piece. Each piece is decoded by itself, a few rows at a time, so that memory does not grow with the
scan. Camera raw files are TIFFs as well; they are told apart and refused.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

from models_app.limits import LIMITS, STRUCTURE
from models_app.refusals import refused, too_many_pixels
from models_app.shapes.shape import Shape, banded_memory

# Tags (TIFF 6.0, part 1, section 8; later ones by Adobe and the ICC).
SUBFILE, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 254, 256, 257, 258, 259, 262
STRIP_OFFSETS, ORIENTATION, SAMPLES, ROWS_PER_STRIP, STRIP_SIZES = 273, 274, 277, 278, 279
PLANAR, TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_SIZES = 284, 322, 323, 324, 325
EXTRA_SAMPLES, SAMPLE_FORMAT, JPEG_TABLES, PROFILE = 338, 339, 347, 34675
_PREVIEWS, _DNG, _CANON_RAW = 330, 50706, b"CR"
# What a decoder has to know besides sides and places: the above, and fill order, fax options,
# predictor, colour map, inks, and how luma and chroma make a colour.
COPIED = (
    BITS, COMPRESSION, PHOTOMETRIC, 266, SAMPLES, PLANAR, 292, 293, 317, 320, 332,
    EXTRA_SAMPLES, SAMPLE_FORMAT, JPEG_TABLES, 529, 530, 532,
)  # fmt: skip
_READ = {
    SUBFILE, WIDTH, HEIGHT, STRIP_OFFSETS, ORIENTATION, ROWS_PER_STRIP, STRIP_SIZES, TILE_WIDTH,
    TILE_HEIGHT, TILE_OFFSETS, TILE_SIZES, PROFILE, *COPIED,
}  # fmt: skip
# Types → bytes of one value (TIFF 6.0, section 2).
_TYPE_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_NUMBERS = {1: "B", 3: "H", 4: "I"}
# Plain, fax, LZW, JPEG, Deflate by two numbers, PackBits.
PLAIN = 1
_COMPRESSIONS = {PLAIN, 2, 3, 4, 5, 7, 8, 32946, 32773}
# Photometric interpretation → its samples, extra ones apart, and the bits that are read.
_KINDS = {
    0: (1, {1, 2, 4, 8, 16}), 1: (1, {1, 2, 4, 8, 16}), 2: (3, {8, 16}), 3: (1, {1, 2, 4, 8}),
    5: (4, {8, 16}), 6: (3, {8}), 8: (3, {8}),
}  # fmt: skip
_SENSOR = {32803, 34892}  # photometric interpretations of raw files
# Up to here decoding takes no longer than other photos; beyond, so much longer as there is more.
_USUAL_PIXELS = 24_000_000
_HEADER_SIZE = 8
_MAX_VALUE_BYTES = 512 * 1024
_MAX_PIECES = 65_536  # strips of one row of the largest scan
BAND_ROWS = 64


@dataclass(frozen=True, slots=True)
class Value:
    """A tag's value as it is in the file."""

    kind: int
    count: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Page:
    """The first page: pieces row by row, of each colour's plane after the other where `planes`.

    A piece is `piece_width` × `piece_height`, the last ones of strips less high, those of tiles
    filled up. `order` is struct's sign for the order of bytes, `others` are the tags that are not
    read.
    """

    order: str
    tags: dict[int, Value]
    width: int
    height: int
    piece_width: int
    piece_height: int
    is_tiled: bool
    planes: int
    bits: int
    samples: int
    compression: int
    offsets: tuple[int, ...]
    sizes: tuple[int, ...]
    orientation: int | None
    profile: bytes | None
    others: frozenset[int]
    has_more: bool

    @property
    def columns(self) -> int:
        return -(-self.width // self.piece_width)

    @property
    def rows(self) -> int:
        return -(-self.height // self.piece_height)

    @property
    def row_bytes(self) -> int:
        """Bytes of one row of a piece, of one plane, before compression."""
        samples = 1 if self.planes > 1 else self.samples
        return (self.piece_width * samples * self.bits + 7) // 8


def read_tiff(source: IO[bytes]) -> Shape:
    """Return the shape of the first page in `source`. Raises PhotoRefusedError."""
    page = read_page(source)
    effort = max(1.0, page.width * page.height / _USUAL_PIXELS)
    is_plausible = page.compression != PLAIN or _is_whole(page)
    return Shape(
        page.width, page.height, _memory(page),
        bits=page.bits, effort=effort, is_plausible=is_plausible,
    )  # fmt: skip


def read_page(source: IO[bytes]) -> Page:
    """Return how the first page in `source` is put together. Raises PhotoRefusedError."""
    return _Reader(source).page()


class _Reader:
    """Reads the first directory and the values that are needed."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._size = source.seek(0, 2)
        head = self._bytes(0, 10)
        self._order = "<" if head[:2] == b"II" else ">"
        if head[8:10] == _CANON_RAW:
            raise refused("raw")
        self._tags: dict[int, Value] = {}
        self._others: set[int] = set()
        self._has_more = False
        self._read_directory(int(self._unpack("I", head[4:8])[0]))

    def page(self) -> Page:
        width, height = self._number(WIDTH), self._number(HEIGHT)
        if not width or not height:
            raise refused("damaged")
        if width * height > LIMITS.max_pixels:
            raise too_many_pixels(LIMITS.max_pixels)
        bits, samples, compression = self._check_kind()
        planes = samples if self._number(PLANAR, 1) == 2 else 1
        is_tiled = TILE_OFFSETS in self._tags
        page = Page(
            self._order, self._tags, width, height, *self._piece_sides(width, height, is_tiled),
            is_tiled=is_tiled, planes=planes, bits=bits, samples=samples, compression=compression,
            offsets=self._numbers(TILE_OFFSETS if is_tiled else STRIP_OFFSETS),
            sizes=self._numbers(TILE_SIZES if is_tiled else STRIP_SIZES),
            orientation=self._number(ORIENTATION, 1),
            profile=self._profile(), others=frozenset(self._others), has_more=self._has_more,
        )  # fmt: skip
        self._check_pieces(page)
        return page

    def _read_directory(self, at: int) -> None:
        if at < _HEADER_SIZE:
            raise refused("damaged")
        (count,) = self._unpack("H", self._bytes(at, 2))
        if count > STRUCTURE.other_parts:
            raise refused("too_many_parts")
        entries = self._bytes(at + 2, 12 * count)
        for start in range(0, len(entries), 12):
            tag, kind, many = self._unpack("HHI", entries[start : start + 8])
            if tag == _DNG:
                raise refused("raw")
            if tag == _PREVIEWS and self._number(SUBFILE, 0) & 1:
                raise refused("raw")  # a small picture first, the sensor's somewhere behind
            if tag not in _READ:
                self._others.add(tag)
            else:
                self._tags[tag] = self._value(tag, kind, many, entries[start + 8 : start + 12])

        self._source.seek(at + 2 + len(entries))
        self._has_more = any(self._source.read(4))

    def _value(self, tag: int, kind: int, count: int, field: bytes) -> Value:
        size = _TYPE_SIZES.get(kind, 0) * count
        if not size or (size > _MAX_VALUE_BYTES and tag != PROFILE):
            raise refused("damaged")
        if size > LIMITS.max_metadata_bytes:
            raise refused("too_much_metadata")
        if size <= 4:
            return Value(kind, count, field[:size])
        return Value(kind, count, self._bytes(self._unpack("I", field)[0], size))

    def _check_kind(self) -> tuple[int, int, int]:
        """Return bits, samples and compression. Raises PhotoRefusedError for what is not read."""
        photometric, compression = self._number(PHOTOMETRIC, -1), self._number(COMPRESSION, PLAIN)
        if photometric in _SENSOR:
            raise refused("raw")
        samples = self._number(SAMPLES, 1)
        bits = set(self._numbers(BITS)) if BITS in self._tags else {1}
        colours, depths = _KINDS.get(photometric, (0, set[int]()))
        extra = samples - colours
        is_known = (
            len(bits) == 1 and bits <= depths and compression in _COMPRESSIONS
            and 0 <= extra <= (0 if photometric in {3, 5, 6, 8} else 1)
            and self._number(SAMPLE_FORMAT, 1) == 1
        )  # fmt: skip
        if not is_known:
            kind = f"{photometric}/{compression}, {samples} × {max(bits)} bit"
            raise refused("unusual_kind", format="TIFF", kind=kind)
        return bits.pop(), samples, compression

    def _piece_sides(self, width: int, height: int, is_tiled: bool) -> tuple[int, int]:
        if is_tiled:
            sides = self._number(TILE_WIDTH), self._number(TILE_HEIGHT)
        else:
            sides = width, min(self._number(ROWS_PER_STRIP, height), height)
        if not all(0 < side <= 2**20 for side in sides):
            raise refused("damaged")
        return sides

    def _check_pieces(self, page: Page) -> None:
        wanted = page.columns * page.rows * page.planes
        if wanted > _MAX_PIECES:
            raise refused("too_many_parts")
        if not len(page.offsets) == len(page.sizes) == wanted:
            raise refused("damaged")
        ends = (at + size for at, size in zip(page.offsets, page.sizes, strict=True))
        if not all(page.sizes) or max(ends) > self._size:
            raise refused("damaged")

    def _profile(self) -> bytes | None:
        value = self._tags.get(PROFILE)
        return value.content if value else None

    def _number(self, tag: int, default: int | None = None) -> int:
        if tag not in self._tags and default is not None:
            return default
        return self._numbers(tag)[0]

    def _numbers(self, tag: int) -> tuple[int, ...]:
        value = self._tags.get(tag)
        sign = _NUMBERS.get(value.kind) if value else None
        if value is None or sign is None:
            raise refused("damaged")
        return tuple(map(int, self._unpack(f"{value.count}{sign}", value.content)))

    def _unpack(self, fields: str, content: bytes) -> Sequence[int]:
        return struct.unpack(self._order + fields, content)

    def _bytes(self, at: int, size: int) -> bytes:
        self._source.seek(at)
        content = self._source.read(size)
        if len(content) < size:
            raise refused("damaged")
        return content


def _is_whole(page: Page) -> bool:
    """Whether uncompressed pieces are as long as their rows; the last strip may be shorter."""
    whole = page.row_bytes * page.piece_height
    last = page.height - (page.rows - 1) * page.piece_height
    ends = {page.rows * (plane + 1) - 1 for plane in range(page.planes)}
    for number, size in enumerate(page.sizes):
        is_last = not page.is_tiled and number in ends
        if size < (page.row_bytes * last if is_last else whole):
            return False
    return True


def _memory(page: Page) -> int:
    """Return what it takes: the piece or rows that are decoded together, as Pillow keeps them and
    as libtiff unpacks them, their compressed bytes, and bands of them.

    While a page in one piece is being decoded nothing else is kept; later its pixels are.
    """
    rows = page.piece_height
    if page.compression == PLAIN and not page.is_tiled:
        rows = min(rows, BAND_ROWS)
    pixels = page.piece_width * min(max(rows, BAND_ROWS), page.height)
    unpacked = page.samples * -(-page.bits // 8)
    decoding = (4 + unpacked) * pixels + 2 * max(page.sizes)
    bands = banded_memory(page.width, page.height, rows if page.is_tiled else BAND_ROWS)
    if pixels == page.width * page.height:
        return max(decoding, 4 * pixels + bands)
    return decoding + bands
