"""What a ZIP file says of itself: its table at the end, and the header before each member.

Format and field names: PKWARE's APPNOTE.TXT 6.3.10, chapter 4. Python's zipfile is not used: it
reads a table of any size into memory, and neither compares the two descriptions of a member nor
notices members that share bytes.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from models_app.archives.refusals import refused
from models_app.limits import SETS

_LOCAL = struct.Struct("<4s5H3L2H")  # 4.3.7
_CENTRAL = struct.Struct("<4s6H3L5H2L")  # 4.3.12
_END64 = struct.Struct("<4sQ2H2L4Q")  # 4.3.14
_LOCATOR64 = struct.Struct("<4sLQL")  # 4.3.15
_END = struct.Struct("<4s4H2LH")  # 4.3.16
_LONGEST_COMMENT = 0xFFFF
_UNSAID, _UNSAID_COUNT = 0xFFFFFFFF, 0xFFFF  # the value is in the ZIP64 record
_ZIP64 = 0x0001  # the kind of extra field that holds it (4.5.3)
# What mail programs, disks and tapes put behind a file; there is nothing to read in it.
_FILLING = b"\0\r\n"
_SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")


@dataclass(frozen=True, slots=True)
class Record:
    """A member as the table describes it; names and extra fields are as they are in the file."""

    name: bytes
    extra: bytes
    flags: int
    method: int
    crc: int
    packed_size: int
    size: int
    header_at: int
    mode: int  # of Unix, 0 where the archive was made elsewhere

    @property
    def is_folder(self) -> bool:
        return self.name.endswith((b"/", b"\\")) and self.size == 0


@dataclass(frozen=True, slots=True)
class Header:
    """The description in front of a member's data, which lies from `data_at` on."""

    name: bytes
    flags: int
    method: int
    crc: int
    packed_size: int
    size: int
    data_at: int


@dataclass(frozen=True, slots=True)
class _Table:
    count: int
    size: int
    offset: int


def is_archive(head: bytes) -> bool:
    """Whether a file that begins with `head` (four bytes) is a ZIP."""
    return head[:4] in _SIGNATURES


def read_records(source: IO[bytes]) -> list[Record]:
    """Return the members in the order of the table. Raises PhotoRefusedError."""
    table = _table(source)
    if table.count > SETS.max_members:
        raise refused("archive_too_many", found=table.count)
    if table.size > SETS.max_directory_bytes:
        raise refused("archive_damaged")
    data = _read(source, table.offset, table.size)
    records = list(_records(data))
    if len(records) != table.count:
        raise refused("archive_damaged")
    return records


def table_offset(source: IO[bytes]) -> int:
    """Return where the table begins: no member reaches further. Raises PhotoRefusedError."""
    return _table(source).offset


def read_header(source: IO[bytes], at: int) -> Header:
    """Return the header at this place of the file. Raises PhotoRefusedError."""
    fields = _unpacked(_LOCAL, _read(source, at, _LOCAL.size), b"PK\x03\x04")
    _needed, flags, method, _time, _date, crc, packed, size, name_size, extra_size = fields
    name = _read(source, at + _LOCAL.size, name_size)
    extra = _read(source, at + _LOCAL.size + name_size, extra_size)
    size, packed, *_ = _widened(extra, size, packed)
    data_at = at + _LOCAL.size + name_size + extra_size
    return Header(name, flags, method, crc, packed, size, data_at)


def extra_fields(extra: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the kind and the content of each extra field (4.5.1), as far as they are whole."""
    at = 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<2H", extra, at)
        yield kind, extra[at + 4 : at + 4 + size]
        at += 4 + size


def _table(source: IO[bytes]) -> _Table:
    """Find the table by the record at the very end; in front of it, nothing may be missing."""
    length = source.seek(0, io.SEEK_END)
    tail_at = max(0, length - _END.size - _LONGEST_COMMENT)
    tail = _read(source, tail_at, length - tail_at)
    at = _end_in(tail)
    disk, table_disk, here, count, size, offset, _comment = _unpacked(
        _END, tail[at:], b"PK\x05\x06"
    )
    end_at = tail_at + at
    if _UNSAID in (size, offset) or count == _UNSAID_COUNT:
        table, end_at = _table64(source, end_at)
    elif disk or table_disk or here != count:
        raise refused("archive_split")
    else:
        table = _Table(count, size, offset)
    if table.offset + table.size != end_at:
        raise refused("archive_damaged")
    return table


def _end_in(tail: bytes) -> int:
    """Return where the last record begins: its comment ends with the file, but for filling."""
    at = len(tail)
    while (at := tail.rfind(b"PK\x05\x06", 0, at)) >= 0:
        whole = len(tail) - at >= _END.size
        end = at + _END.size + (_END.unpack_from(tail, at)[-1] if whole else 0)
        if whole and end <= len(tail) and not tail[end:].strip(_FILLING):
            return at
    raise refused("archive_damaged")


def _table64(source: IO[bytes], end_at: int) -> tuple[_Table, int]:
    """Return the table by the larger record, and where that begins."""
    locator = _read(source, end_at - _LOCATOR64.size, _LOCATOR64.size)
    _disk, at, disks = _unpacked(_LOCATOR64, locator, b"PK\x06\x07")
    if disks > 1:
        raise refused("archive_split")
    fields = _unpacked(_END64, _read(source, at, _END64.size), b"PK\x06\x06")
    *_, here, count, size, offset = fields
    if here != count:
        raise refused("archive_split")
    return _Table(count, size, offset), at


def _records(data: bytes) -> Iterator[Record]:
    at = 0
    while at < len(data):
        fields = _unpacked(_CENTRAL, data[at : at + _CENTRAL.size], b"PK\x01\x02")
        made_by, _needed, flags, method, _time, _date, crc, packed, size = fields[:9]
        name_size, extra_size, comment_size, _disk, _internal, external, header_at = fields[9:]
        name_at = at + _CENTRAL.size
        extra_at = name_at + name_size
        at = extra_at + extra_size + comment_size
        if at > len(data):
            raise refused("archive_damaged")
        extra = data[extra_at : extra_at + extra_size]
        size, packed, header_at = _widened(extra, size, packed, header_at)
        mode = external >> 16 if made_by >> 8 in {3, 19} else 0  # Unix, Darwin (4.4.2.2)
        name = data[name_at:extra_at]
        yield Record(name, extra, flags, method, crc, packed, size, header_at, mode)


def _widened(extra: bytes, *values: int) -> list[int]:
    """Return the values, those that did not fit taken from the ZIP64 field, in its order."""
    field = next((content for kind, content in extra_fields(extra) if kind == _ZIP64), b"")
    wide = io.BytesIO(field)
    result = []
    for value in values:
        data = wide.read(8) if value == _UNSAID else b""
        result.append(int.from_bytes(data, "little") if len(data) == 8 else value)
    return result


def _unpacked(record: struct.Struct, data: bytes, signature: bytes) -> tuple[int, ...]:
    if len(data) < record.size or data[:4] != signature:
        raise refused("archive_damaged")
    return record.unpack_from(data)[1:]


def _read(source: IO[bytes], at: int, size: int) -> bytes:
    """Return exactly `size` bytes from this place. Raises PhotoRefusedError."""
    length = source.seek(0, io.SEEK_END)
    if at < 0 or at + size > length:
        raise refused("archive_damaged")
    source.seek(at)
    return source.read(size)
