"""Boxes of ISO media files (ISO/IEC 14496-12) as HEIC and AVIF use them (ISO/IEC 23008-12).

Only what names a still picture is read: the box `meta` with its items, their places in the file,
their properties and how they refer to each other. Whatever is broken in it means “damaged”.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

from models_app.limits import LIMITS, STRUCTURE
from models_app.refusals import refused
from models_app.shapes.parts import Parts

_LARGE, _TO_THE_END = 1, 0  # sizes that mean something else (14496-12, 4.2.2)
# Of all items together: the places of their bytes, what is said of them, what they refer to. A
# phone's 768 tiles have a place and five properties each.
_MAX_ENTRIES = 10_000


@dataclass(slots=True)
class Item:
    """One of the pictures or notes in a file: where its bytes are, and what is said of them.

    `extents` are places and lengths in the file. `properties` are kinds and contents, in order.
    """

    number: int
    kind: bytes = b""
    extents: list[tuple[int, int]] = field(default_factory=list)
    properties: list[tuple[bytes, bytes]] = field(default_factory=list)

    def said(self, kind: bytes) -> bytes | None:
        """Return the first property of a kind."""
        return next((content for name, content in self.properties if name == kind), None)

    @property
    def size(self) -> int:
        return sum(length for _, length in self.extents)


@dataclass(slots=True)
class Items:
    """What `meta` says: items by number, the primary one's, and references by kind and origin."""

    primary: int = 0
    items: dict[int, Item] = field(default_factory=dict)
    references: dict[tuple[bytes, int], list[int]] = field(default_factory=dict)

    def item(self, number: int) -> Item:
        """Return an item. Raises PhotoRefusedError where there is none."""
        found = self.items.get(number)
        if found is None:
            raise refused("damaged")
        return found

    def auxiliaries(self, number: int) -> Iterator[Item]:
        """Yield the pictures that belong to another: transparency, depth, a gain map."""
        for (kind, origin), targets in self.references.items():
            if kind == b"auxl" and number in targets and origin in self.items:
                yield self.items[origin]

    def notes(self, number: int) -> Iterator[Item]:
        """Yield what describes a picture: EXIF, XMP."""
        for (kind, origin), targets in self.references.items():
            if kind == b"cdsc" and number in targets and origin in self.items:
                yield self.items[origin]


class Fields:
    """Numbers of a box, read one after another."""

    def __init__(self, content: bytes) -> None:
        self._content, self.at = content, 0

    def number(self, size: int) -> int:
        """Return the next number of `size` bytes."""
        return int.from_bytes(self.take(size), "big")

    def take(self, size: int) -> bytes:
        """Return the next bytes. Raises PhotoRefusedError where they end."""
        taken = self._content[self.at : self.at + size]
        if len(taken) < size:
            raise refused("damaged")
        self.at += size
        return taken

    def version(self) -> tuple[int, int]:
        """Return version and flags, with which a full box begins."""
        return self.number(1), self.number(3)


def read_items(source: IO[bytes]) -> Items:
    """Return what the file says of its items. Raises PhotoRefusedError.

    Films (`moov`) and pixels (`mdat`) are stepped over.
    """
    parts = Parts(source)
    while parts.left >= 8:
        start = parts.size - parts.left
        length, kind = struct.unpack(">I4s", parts.read(8))
        if length == _LARGE:
            length = int.from_bytes(parts.read(8), "big")
        end = parts.size if length == _TO_THE_END else start + length
        head = parts.size - parts.left - start
        parts.count_other()
        if kind == b"meta":
            return _Meta(source, parts, end - start - head).read()
        parts.skip(end - start - head)
    raise refused("damaged")


class _Meta:
    """Reads `meta`; `parts` counts boxes and items and gives up at the limit."""

    def __init__(self, source: IO[bytes], parts: Parts, size: int) -> None:
        if not 4 <= size <= parts.left:
            raise refused("damaged")
        if size > LIMITS.max_metadata_bytes:
            raise refused("too_much_metadata")
        self._start = source.tell()
        self._content = parts.read(size)
        self._parts = parts
        self._found = Items()
        self._entries = {"extents": 0, "properties": 0, "references": 0}
        self._data_at = 0

    def read(self) -> Items:
        boxes = {kind: (at, end) for kind, at, end in self._boxes(4, len(self._content))}
        self._data_at = self._start + boxes.get(b"idat", (0, 0))[0]
        readers = (
            (b"pitm", self._read_primary),
            (b"iinf", self._read_kinds),
            (b"iloc", self._read_places),
            (b"iprp", self._read_properties),
        )
        for kind, read in readers:
            if kind not in boxes:
                raise refused("damaged")
            read(*boxes[kind])
        if b"iref" in boxes:
            self._read_references(*boxes[b"iref"])
        return self._found

    def _boxes(self, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
        """Yield the boxes between two places: kind, and where the content begins and ends."""
        while at + 8 <= end:
            length, kind = struct.unpack_from(">I4s", self._content, at)
            stop = end if length == _TO_THE_END else at + length
            if stop > end or stop < at + 8:
                raise refused("damaged")
            self._parts.count_other()
            yield kind, at + 8, stop
            at = stop

    def _count(self, what: str, count: int) -> None:
        """Count entries of a kind over all items. Raises PhotoRefusedError for too many."""
        self._entries[what] += count
        if self._entries[what] > _MAX_ENTRIES:
            raise refused("too_many_parts")

    def _read_primary(self, at: int, end: int) -> None:
        fields = Fields(self._content[at:end])
        version, _ = fields.version()
        self._found.primary = fields.number(4 if version else 2)

    def _read_kinds(self, at: int, end: int) -> None:
        version, _ = Fields(self._content[at:end]).version()
        for kind, start, stop in self._boxes(at + (8 if version else 6), end):
            fields = Fields(self._content[start:stop])
            version, _ = fields.version()
            if kind != b"infe" or version < 2:
                continue  # older ones describe no pictures
            number = fields.number(4 if version > 2 else 2)
            fields.take(2)
            self._found.items[number] = Item(number, fields.take(4))

    def _read_places(self, at: int, end: int) -> None:
        fields = Fields(self._content[at:end])
        version, _ = fields.version()
        sizes = fields.number(2)
        offset, length, base, index = ((sizes >> shift) & 15 for shift in (12, 8, 4, 0))
        long = version == 2
        for _ in range(_most(fields.number(4 if long else 2))):
            number = fields.number(4 if long else 2)
            method = fields.number(2) & 15 if version else 0
            fields.take(2)
            start = fields.number(base) + (self._data_at if method == 1 else 0)
            count = fields.number(2)
            self._count("extents", count)
            if method > 1:
                raise refused("damaged")
            for _ in range(count):
                fields.take(index if version else 0)
                place = start + fields.number(offset)
                self._place(number, place, fields.number(length))

    def _place(self, number: int, at: int, length: int) -> None:
        if not length:  # “up to the end of the file”
            length = max(self._parts.size - at, 0)
        if number in self._found.items:
            self._found.items[number].extents.append((at, length))

    def _read_properties(self, at: int, end: int) -> None:
        properties: list[tuple[bytes, bytes]] = []
        for kind, start, stop in self._boxes(at, end):
            if kind == b"ipco":
                properties = [
                    (name, self._content[first:last])
                    for name, first, last in self._boxes(start, stop)
                ]
            elif kind == b"ipma":
                self._give_properties(properties, Fields(self._content[start:stop]))

    def _give_properties(self, properties: list[tuple[bytes, bytes]], fields: Fields) -> None:
        version, flags = fields.version()
        size = 2 if flags & 1 else 1
        mask = 0x7FFF if flags & 1 else 0x7F  # the highest bit means “essential”
        for _ in range(_most(fields.number(4))):
            item = self._found.items.get(fields.number(4 if version else 2))
            count = fields.number(1)
            self._count("properties", count)
            for _ in range(count):
                index = fields.number(size) & mask
                if item is not None and 0 < index <= len(properties):
                    item.properties.append(properties[index - 1])

    def _read_references(self, at: int, end: int) -> None:
        version, _ = Fields(self._content[at:end]).version()
        size = 4 if version else 2
        for kind, start, stop in self._boxes(at + 4, end):
            fields = Fields(self._content[start:stop])
            origin, count = fields.number(size), fields.number(2)
            self._count("references", count)
            targets = [fields.number(size) for _ in range(count)]
            self._found.references[kind, origin] = targets


def _most(count: int) -> int:
    """Return a number of entries. Raises PhotoRefusedError for more than any photo has items."""
    if count > STRUCTURE.other_parts:
        raise refused("too_many_parts")
    return count
