"""Archives made by code: ordinary ones by Python's zipfile, odd ones by hand."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from models_app.archives.reading import read_archive
from models_app.errors import PhotoRefusedError
from models_app.photo_sets import File, PhotoSet

Pairs = Sequence[tuple[str | zipfile.ZipInfo, bytes]]


def archive(*members: tuple[str | zipfile.ZipInfo, bytes], packed: bool = False) -> bytes:
    """Return a ZIP as a program writes it."""
    buffer = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    with zipfile.ZipFile(buffer, "w", method) as target:
        for name, data in members:
            target.writestr(name, data, compress_type=method)
    return buffer.getvalue()


def entry(name: str, *, mode: int = 0o100644, made_by: int = 3) -> zipfile.ZipInfo:
    """Return a member's description with its mode of Unix."""
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = made_by, mode << 16
    return info


@dataclass
class Raw:
    """A member written by hand: every field may say what is not so.

    `offset` is where the table says that it is, where that is not where it is.
    """

    name: bytes = b"a.jpg"
    data: bytes = b""
    packed: bytes | None = None
    method: int = 0
    flags: int = 0
    crc: int | None = None
    size: int | None = None
    packed_size: int | None = None
    local_name: bytes | None = None
    local_size: int | None = None
    offset: int | None = None
    extra: bytes = b""
    mode: int = 0o100644

    def local(self) -> bytes:
        crc, packed_size, size = self._sizes()
        name = self.name if self.local_name is None else self.local_name
        size = size if self.local_size is None else self.local_size
        head = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, self.flags, self.method, 0, 0,
                           crc, packed_size, size, len(name), 0)  # fmt: skip
        return head + name + (self.data if self.packed is None else self.packed)

    def central(self, at: int) -> bytes:
        crc, packed_size, size = self._sizes()
        where = at if self.offset is None else self.offset
        head = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 3 << 8, 20, self.flags, self.method, 0, 0,
                           crc, packed_size, size, len(self.name), len(self.extra), 0, 0, 0,
                           self.mode << 16, where)  # fmt: skip
        return head + self.name + self.extra

    def _sizes(self) -> tuple[int, int, int]:
        data = self.data if self.packed is None else self.packed
        crc = zlib.crc32(self.data) if self.crc is None else self.crc
        size = len(self.data) if self.size is None else self.size
        return crc, len(data) if self.packed_size is None else self.packed_size, size


def by_hand(*members: Raw, comment: bytes = b"", count: int | None = None) -> bytes:
    """Return a ZIP of members that may contradict themselves."""
    body, table = b"", b""
    for member in members:
        table += member.central(len(body))
        body += member.local()
    count = len(members) if count is None else count
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(table), len(body),
                      len(comment))  # fmt: skip
    return body + table + end + comment


def deflated(data: bytes) -> bytes:
    deflater = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return deflater.compress(data) + deflater.flush()


def read(data: bytes) -> PhotoSet:
    return read_archive(io.BytesIO(data))


def code_of(data: bytes) -> str:
    """Return why a whole archive is refused, "" where it is not."""
    try:
        read(data)
    except PhotoRefusedError as error:
        return error.code
    return ""


def content(file: File) -> bytes | str:
    """Return what is in a file, or the code of why it is refused."""
    try:
        with file.open() as source:
            return source.read()
    except PhotoRefusedError as error:
        return error.code
