"""A file in a bucket, read as it comes: no more of it is here than one block."""

from __future__ import annotations

import io
from typing import Any

from models_app.buckets.errors import said_plainly
from models_app.buckets.integrity import Integrity
from models_app.storage_errors import StorageAwayError

BLOCK_BYTES = 256 * 1024
# A connection that breaks, or that the service has closed on a slow reader, is opened anew from
# where it broke off.
TRIES = 3


class BucketReader(io.RawIOBase):
    """The bytes of one version of an object. Seeking costs nothing until something is read."""

    def __init__(
        self, client: Any, bucket: str, key: str, *, size: int, etag: str, integrity: Integrity
    ) -> None:
        super().__init__()
        self._client, self._size, self._integrity = client, size, integrity
        self._wanted = {"Bucket": bucket, "Key": key, "IfMatch": etag}
        self._at = 0
        self._body: Any = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        position = max(0, start + offset)
        if position != self._at:
            self._end_stream()
        self._at = position
        return position

    def readinto(self, buffer: Any) -> int:
        """Fill what the service sends at once. Raises FileNotFoundError and StorageAwayError."""
        wanted = min(len(buffer), self._size - self._at)
        if wanted <= 0:
            return 0
        data = self._read(wanted)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        self._end_stream()
        super().close()

    def _read(self, wanted: int) -> bytes:
        for attempt in range(1, TRIES + 1):
            try:
                with said_plainly(str(self._wanted["Key"])):
                    if data := bytes(self._stream().read(wanted)):
                        return data
                    raise StorageAwayError("the file ended early")
            except StorageAwayError:
                self._end_stream()
                if attempt == TRIES:
                    raise
        raise AssertionError("unreachable")

    def _stream(self) -> Any:
        if self._body is None:
            self._body = self._integrity.asked(self._asked)["Body"]
        return self._body

    def _asked(self) -> dict[str, Any]:
        # Checksums are of whole objects: the service says none for a part.
        part = {"Range": f"bytes={self._at}-"} if self._at else self._integrity.of_reading()
        answer: dict[str, Any] = self._client.get_object(**self._wanted, **part)
        return answer

    def _end_stream(self) -> None:
        if self._body is not None:
            self._body.close()
            self._body = None
