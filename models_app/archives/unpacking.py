"""Takes one member out of an archive: block by block, never more than it was said to be."""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO

from django.conf import settings

from models_app.archives.inspection import STORED, Member
from models_app.archives.records import is_archive
from models_app.archives.refusals import refused
from models_app.captions import check_caption_bytes
from models_app.formats import HEAD_BYTES, sniff
from models_app.ingest import check_bytes
from models_app.limits import SETS

_BLOCK_BYTES = 64 * 1024


@dataclass(slots=True)
class Budget:
    """What may come out of one archive altogether."""

    left: int = field(default_factory=lambda: SETS.max_unpacked_bytes)

    def take(self, size: int) -> None:
        """Take `size` bytes. Raises PhotoRefusedError where they are not left."""
        if size > self.left:
            gigabytes = f"{SETS.max_unpacked_bytes / 1024**3:.1f} GB"
            raise refused("unpacked_too_much", most=gigabytes)
        self.left -= size


@contextmanager
def unpacked(
    source: IO[bytes], member: Member, budget: Budget, *, is_photo: bool = True
) -> Iterator[IO[bytes]]:
    """Give a member as a file without a name, in the installation's temporary folder.

    What is no photo by its first bytes never gets there. Raises PhotoRefusedError, CaptionError,
    and OSError where there is no room.
    """
    if is_photo:
        check_bytes(member.size)
        _check_head(source, member)
    else:
        check_caption_bytes(member.size)
    budget.take(member.size)
    with tempfile.TemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR) as target:
        for block in _checked(source, member):
            target.write(block)
        target.seek(0)
        yield target


def _check_head(source: IO[bytes], member: Member) -> None:
    head = b""
    for block in _blocks(source, member, HEAD_BYTES):
        head += block
        if len(head) >= HEAD_BYTES:
            break
    if is_archive(head):
        raise refused("nested")
    sniff(head)


def _checked(source: IO[bytes], member: Member) -> Iterator[bytes]:
    """Yield the content; raise PhotoRefusedError where it is not what the archive says."""
    size = crc = 0
    for block in _blocks(source, member):
        size += len(block)
        crc = zlib.crc32(block, crc)
        if size > member.size:
            raise refused("contradicting")
        yield block
    if (size, crc) != (member.size, member.crc):
        raise refused("packed_damaged")


def _blocks(source: IO[bytes], member: Member, most: int = _BLOCK_BYTES) -> Iterator[bytes]:
    packed = _packed_blocks(source, member, most)
    return packed if member.method == STORED else _inflated(packed, most)


def _packed_blocks(source: IO[bytes], member: Member, most: int) -> Iterator[bytes]:
    at, left = member.data_at, member.packed_size
    while left:
        source.seek(at)  # another member may have been read meanwhile
        block = source.read(min(most, left))
        if not block:
            raise refused("packed_damaged")
        yield block
        at, left = at + len(block), left - len(block)


def _inflated(packed: Iterator[bytes], most: int) -> Iterator[bytes]:
    """Yield what a deflated stream becomes, at most `most` bytes at a time (RFC 1951)."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    for block in packed:
        data = block
        while piece := _next_piece(inflater, data, most):
            yield piece
            data = inflater.unconsumed_tail
    if not inflater.eof or inflater.unused_data:
        raise refused("packed_damaged")


def _next_piece(inflater: zlib._Decompress, data: bytes, most: int) -> bytes:
    try:
        return inflater.decompress(data, most)
    except zlib.error as error:
        raise refused("packed_damaged") from error
