"""Walking over the parts of a file by their lengths, with a limit on how many there may be."""

from __future__ import annotations

import io
from typing import IO

from models_app.limits import LIMITS, STRUCTURE
from models_app.refusals import refused


class Parts:
    """A file that is read header by header.

    Its methods raise PhotoRefusedError: “damaged” where the file ends too early, and the name of
    the limit where it has too many parts or too much metadata.
    """

    def __init__(self, source: IO[bytes]) -> None:
        self.size = source.seek(0, io.SEEK_END)
        self.pixel_count = self.other_count = self.metadata = self.gaps = 0
        self._source = source
        source.seek(0)

    @property
    def left(self) -> int:
        """How many bytes follow."""
        return self.size - self._source.tell()

    def read(self, size: int) -> bytes:
        """Return the next `size` bytes."""
        data = self._source.read(size)
        if len(data) < size:
            raise refused("damaged")
        return data

    def skip(self, size: int) -> None:
        """Pass over the next `size` bytes without reading them."""
        if not 0 <= size <= self.left:
            raise refused("damaged")
        self._source.seek(size, io.SEEK_CUR)

    def count_gap(self, size: int) -> None:
        """Count bytes between parts, which have to be searched for the next one."""
        self.gaps += size
        if self.gaps > STRUCTURE.gap_bytes:
            raise refused("damaged")

    def count_pixels(self) -> None:
        """Count one more part that holds pixels."""
        self.pixel_count += 1
        if self.pixel_count > STRUCTURE.pixel_parts:
            raise refused("too_many_parts")

    def count_other(self, metadata: int = 0) -> None:
        """Count one more part that holds none, `metadata` bytes long where it is a note."""
        self.other_count += 1
        # What reaches beyond the end is not there: that is damage, not metadata.
        self.metadata += min(metadata, self.left)
        if self.other_count > STRUCTURE.other_parts:
            raise refused("too_many_parts")
        if self.metadata > LIMITS.max_metadata_bytes:
            raise refused("too_much_metadata")
