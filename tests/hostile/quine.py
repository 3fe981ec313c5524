"""A ZIP whose only member is the ZIP itself, byte by byte, however often it is unpacked.

Deflate is a language of two orders: L n, “say the next n bytes”, and R n, “say the last n bytes
again”. With each order in as many bytes as any other there is a program that says itself between a
given beginning and end (Russ Cox, “Zip Files All The Way Down”, research.swtch.com/zip, 2010): here
the ZIP's header before the packed data, and its table behind them. That these hold the sum of
everything is a linear equation, as CRC-32 is linear in the bits of what it is of.
"""

from __future__ import annotations

import struct
import zlib

from tests.models_app.zips import Raw, by_hand

# Long enough for one match each of what repeats the header and the table (`_again`).
_NAME = b"this-archive-holds-itself-again-a.jpg"
# The last byte of what is said again is a literal of nine bits (RFC 1951, 3.2.6).
_COMMENT = b"\xff"
_ORDER = 5  # bytes of each order


def quine() -> bytes:
    """Return the ZIP."""
    nothing = _with_sum(0)
    base = zlib.crc32(nothing)
    # What each bit of the sum that is written changes in the sum that is right, and in itself.
    columns = [zlib.crc32(_with_sum(1 << bit)) ^ base ^ (1 << bit) for bit in range(32)]
    return _with_sum(_solution(columns, base))


def _with_sum(crc: int) -> bytes:
    """Return it with this sum in its headers."""
    head, tail = _around(crc, 0, 0)
    packed_size = len(_program(head, tail))
    head, tail = _around(crc, len(head) + packed_size + len(tail), packed_size)
    return head + _program(head, tail) + tail


def _around(crc: int, size: int, packed_size: int) -> tuple[bytes, bytes]:
    """Return what is before and behind the packed data."""
    member = Raw(_NAME, method=8, crc=crc, size=size, packed_size=packed_size, packed=b"")
    head = member.local()
    tail = by_hand(member, comment=_COMMENT)[len(head) :]
    where = len(tail) - len(_COMMENT) - 6  # of the table, in the record at the end
    return head, tail[:where] + struct.pack("<L", len(head) + packed_size) + tail[where + 4 :]


def _program(head: bytes, tail: bytes) -> bytes:
    """Return what, unpacked, says the head, itself and the tail."""
    say_head, again_head = _say(len(head) + _ORDER), _again(len(head) + _ORDER)
    say_tail, again_tail = _say(len(tail) + _ORDER), _again(len(tail) + _ORDER, is_last=True)
    nothing, one, four, again = _say(0), _say(_ORDER), _say(4 * _ORDER), _AGAIN_FOUR
    orders = [
        *(say_head, head, say_head),
        again_head,
        *(one, again_head),
        *(one, one),
        *(four, again_head, one, one, four),
        again,
        *(four, again, four, again, four),
        again,
        *(four, again, nothing, nothing, say_tail),
        *(again, nothing, nothing),
        *(say_tail, again_tail, tail),
        again_tail,
    ]
    return b"".join(orders)


def _say(size: int) -> bytes:
    """A stored block's header: its bytes follow."""
    return struct.pack("<BHH", 0, size, size ^ 0xFFFF)


def _again(size: int, *, is_last: bool = False) -> bytes:
    """The last `size` bytes again, of which the very last is 255: one match and that literal."""
    return _block(_match(size - 1, size) + _code(255), is_last=is_last)


def _block(bits: str, *, is_last: bool = False) -> bytes:
    """A block in the fixed codes. Its bits fill whole bytes, or the next order would be askew."""
    bits = ("1" if is_last else "0") + "10" + bits + _code(256)
    assert len(bits) == 8 * _ORDER, len(bits)
    return bytes(int(bits[at : at + 8][::-1], 2) for at in range(0, len(bits), 8))


def _code(symbol: int) -> str:
    """The fixed code of a symbol (RFC 1951, 3.2.6), most significant bit first."""
    for first, code, width in ((280, 0b11000000, 8), (256, 0, 7), (144, 0b110010000, 9)):
        if symbol >= first:
            return f"{code + symbol - first:0{width}b}"
    return f"{0b00110000 + symbol:08b}"


def _match(length: int, distance: int) -> str:
    """The codes of a match, with their further bits least significant first (RFC 1951, 3.2.5)."""
    at = length - 3
    more = max(0, at.bit_length() - 3)
    symbol = 257 + (more << 2) + (at >> more)
    bits = _code(symbol) + _low_first(at, more)
    at = distance - 1
    more = max(0, at.bit_length() - 2)
    return bits + f"{(more << 1) + (at >> more):05b}" + _low_first(at, more)


def _low_first(value: int, width: int) -> str:
    return "".join(str(value >> bit & 1) for bit in range(width))


_AGAIN_FOUR = _block(_match(10, 20) + _match(10, 20))


def _solution(columns: list[int], wanted: int) -> int:
    """Return the bits whose columns add up to what is wanted (elimination over two elements)."""
    reduced: list[tuple[int, int]] = []
    for bit, column in enumerate(columns):
        made = 1 << bit
        for other, of in reduced:
            if column ^ other < column:
                column, made = column ^ other, made ^ of
        reduced.append((column, made))
        reduced.sort(reverse=True)
    found = 0
    for column, made in reduced:
        if wanted ^ column < wanted:
            wanted, found = wanted ^ column, found ^ made
    assert not wanted
    return found
