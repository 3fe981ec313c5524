"""A multipart upload that is streamed from a file; requests' own would read it into memory."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping
from typing import IO

BLOCK_BYTES = 64 * 1024


class MultipartUpload:
    """One form with text `fields` and one `file` (RFC 7578), as an iterable of known length.

    `file` is read from its start; field values and names must not contain quotes or newlines.
    """

    def __init__(
        self, fields: Mapping[str, str], *, file: IO[bytes], file_name: str, content_type: str
    ) -> None:
        boundary = secrets.token_hex(16)
        self.content_type = f"multipart/form-data; boundary={boundary}"
        parts = [_field(boundary, name, value) for name, value in fields.items()]
        parts.append(
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; '
            f'filename="{file_name}"\r\nContent-Type: {content_type}\r\n\r\n'
        )
        self._head = "".join(parts).encode()
        self._tail = f"\r\n--{boundary}--\r\n".encode()
        self._file = file
        self._file_bytes = file.seek(0, os.SEEK_END)

    def __len__(self) -> int:
        return len(self._head) + self._file_bytes + len(self._tail)

    def __iter__(self) -> Iterator[bytes]:
        self._file.seek(0)
        yield self._head
        while block := self._file.read(BLOCK_BYTES):
            yield block
        yield self._tail


def _field(boundary: str, name: str, value: str) -> str:
    return f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
