"""How a service compares what has arrived with what was sent: by SHA-256 (Amazon S3's “Checking
object integrity”), or by Content-MD5 (RFC 1864), the older way, where it knows no other.

Backblaze B2 refuses every `x-amz-checksum-` header, also the one that asks for a checksum while
reading; Cloudflare R2 refuses them for the parts of an upload. Which of them a service takes is
found out once for each process.
"""

from __future__ import annotations

import base64
import hashlib
import logging
from collections.abc import Callable
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from models_app.buckets.errors import code_of

logger = logging.getLogger(__name__)

Result = TypeVar("Result")
# What services answer that do not know a header; of a damaged file they say BadDigest.
_UNKNOWN = {"InvalidArgument", "InvalidRequest", "NotImplemented"}


class Integrity:
    """What one service understands. Threads may find it out at the same time."""

    def __init__(self) -> None:
        self.by_sha256 = True

    def asked(self, ask: Callable[[], Result]) -> Result:
        """Return what `ask` does; where the service does not know SHA-256, ask again without."""
        was_by_sha256 = self.by_sha256  # another thread may find it out meanwhile
        try:
            return ask()
        except ClientError as error:
            if not (was_by_sha256 and _is_unknown(error)):
                raise
        logger.info("The bucket's service knows no SHA-256 checksums: files are sent with MD5")
        self.by_sha256 = False
        return ask()

    def of(self, data: bytes) -> dict[str, str]:
        """Return the checksum to send along with `data`."""
        if self.by_sha256:
            return {"ChecksumSHA256": _in_base64(hashlib.sha256(data).digest())}
        return {"ContentMD5": _in_base64(hashlib.md5(data, usedforsecurity=False).digest())}

    def of_parts(self) -> dict[str, str]:
        """Return what to say before a file is sent in parts."""
        return {"ChecksumAlgorithm": "SHA256"} if self.by_sha256 else {}

    def of_reading(self) -> dict[str, str]:
        """Return what to say to have the checksum of a whole file."""
        return {"ChecksumMode": "ENABLED"} if self.by_sha256 else {}


def _is_unknown(error: ClientError) -> bool:
    """Whether a service does not know the header of a checksum."""
    said: dict[str, Any] = error.response.get("Error", {})
    return code_of(error) in _UNKNOWN and "x-amz-checksum" in str(said.get("Message", "")).lower()


def _in_base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()
