"""Judges the members of an archive by what is said of them, before anything is unpacked."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

from models_app.archives.names import leads_out
from models_app.archives.records import Header, Record, read_header, table_offset
from models_app.archives.refusals import refused
from models_app.errors import PhotoRefusedError
from models_app.limits import SETS

STORED, DEFLATED = 0, 8  # APPNOTE.TXT, 4.4.5
# Flags 0, 6 and 13: encrypted, strongly so, headers masked. Flag 3: sizes come after the data.
_ENCRYPTED = 1 << 0 | 1 << 6 | 1 << 13
_SIZES_AFTER = 1 << 3
_AES = 99
# Deflating makes nothing larger by more than a few bytes for each block (RFC 1951, 3.2.4); endless
# empty blocks would take time and give nothing.
_OVERHEAD = 1024


@dataclass(frozen=True, slots=True)
class Member:
    """A member that may be unpacked: where its data lies, and what must come out of it."""

    data_at: int
    packed_size: int
    size: int
    crc: int
    method: int


Verdict = Member | PhotoRefusedError


def inspect(source: IO[bytes], records: Sequence[Record], paths: Sequence[str]) -> list[Verdict]:
    """Return for every record how to unpack it, or why that is refused."""
    table_at = table_offset(source)
    verdicts = [
        _verdict(source, record, path, table_at)
        for record, path in zip(records, paths, strict=True)
    ]
    sharing = _sharing(records, verdicts)
    return [
        refused("overlapping") if at in sharing else verdict for at, verdict in enumerate(verdicts)
    ]


def _verdict(source: IO[bytes], record: Record, path: str, table_at: int) -> Verdict:
    if code := _reason(record, path):
        return refused(code)
    try:
        header = read_header(source, record.header_at)
    except PhotoRefusedError:
        return refused("contradicting")
    if not _agree(record, header):
        return refused("contradicting")
    if header.data_at + record.packed_size > table_at:
        return refused("overlapping")
    return Member(header.data_at, record.packed_size, record.size, record.crc, record.method)


def _reason(record: Record, path: str) -> str:
    """Return the code of what speaks against a member by the table alone, "" for nothing."""
    if leads_out(path):
        return "outside"
    if stat.S_IFMT(record.mode) not in {0, stat.S_IFREG, stat.S_IFDIR}:
        return "link"
    if record.flags & _ENCRYPTED or record.method == _AES:
        return "encrypted"
    if record.method not in {STORED, DEFLATED}:
        return "packing"
    if record.method == STORED and record.size != record.packed_size:
        return "contradicting"
    if record.packed_size > record.size + record.size // 100 + _OVERHEAD:
        return "packing"
    is_large = record.size > SETS.packing_from_bytes
    return "bomb" if is_large and record.size > record.packed_size * SETS.max_packing else ""


def _agree(record: Record, header: Header) -> bool:
    """Whether both descriptions of a member are the same; a program that reads one, and another
    that reads the other, would see two files."""
    same = (record.name, record.method) == (header.name, header.method)
    if header.flags & _SIZES_AFTER:
        return same
    return same and (record.crc, record.packed_size, record.size) == (
        header.crc,
        header.packed_size,
        header.size,
    )


def _sharing(records: Sequence[Record], verdicts: Sequence[Verdict]) -> set[int]:
    """Return the places of the members that share bytes with another one, header included."""
    spans = sorted(
        (record.header_at, verdict.data_at + verdict.packed_size, at)
        for at, (record, verdict) in enumerate(zip(records, verdicts, strict=True))
        if isinstance(verdict, Member)
    )
    sharing: set[int] = set()
    furthest, furthest_at = -1, -1
    for begin, end, at in spans:
        if begin < furthest:
            sharing |= {at, furthest_at}
        if end > furthest:
            furthest, furthest_at = end, at
    return sharing
