"""One part of a file instead of the whole, so that a download can resume (RFC 9110, 14)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import IO

from django.http import HttpRequest

# One range of bytes; nineteen digits are more than any file has.
_RANGE = re.compile(r"bytes=[ \t]*(\d{0,19})-(\d{0,19})[ \t]*", re.ASCII | re.IGNORECASE)


class UnsatisfiableRangeError(Exception):
    """The file has none of the bytes asked for: 416."""


@dataclass(frozen=True, slots=True)
class ByteRange:
    """The bytes from `start` to before `stop`, one at least."""

    start: int
    stop: int

    def header(self, size: int) -> str:
        """Return the value of `Content-Range` for a file of `size` bytes."""
        return f"bytes {self.start}-{self.stop - 1}/{size}"


class FilePart:
    """The bytes of a part, read like a file."""

    def __init__(self, file: IO[bytes], part: ByteRange) -> None:
        self._file, self._left = file, part.stop - part.start
        file.seek(part.start)

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(data)
        return data

    def close(self) -> None:
        self._file.close()


def requested_range(request: HttpRequest, *, etag: str, size: int) -> ByteRange | None:
    """Return the part of a file that is asked for, None for the whole.

    Whatever cannot be understood, and several parts at once, count as the whole, and so does a
    part of another version (`If-Range`). Raises UnsatisfiableRangeError.
    """
    match = _RANGE.fullmatch(request.headers.get("Range", ""))
    if request.method != "GET" or not match or request.headers.get("If-Range", etag) != etag:
        return None
    first, last = match.groups()
    if not first:
        return _from(max(0, size - int(last)), size, size) if last else None
    if last and int(last) < int(first):
        return None
    return _from(int(first), int(last) + 1 if last else size, size)


def _from(start: int, stop: int, size: int) -> ByteRange:
    if start >= size:
        raise UnsatisfiableRangeError
    return ByteRange(start, min(stop, size))
