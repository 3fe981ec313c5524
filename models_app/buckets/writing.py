"""Writing into a bucket: in parts that fit into memory, each with the checksum that the service
compares with what has arrived (`integrity.py`).

What is cut off leaves nothing to be seen: an object exists once all of it has arrived.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import chain
from typing import IO, Any

from models_app.buckets.errors import said_plainly
from models_app.buckets.integrity import Integrity
from models_app.storage_errors import StorageAwayError

# What one upload has in memory. A file may have 10,000 parts: 80 GB.
PART_BYTES = 8 * 1024 * 1024


def put(
    client: Any,
    target: dict[str, str],
    source: IO[bytes],
    about: dict[str, Any],
    integrity: Integrity,
) -> int:
    """Write a file to `target` (Bucket and Key) and return how many bytes it has.

    `about` is what else the object is to have. Raises StorageFullError and StorageAwayError.
    """
    parts = _parts_of(source)
    first = next(parts, b"")
    second = next(parts, None)
    with said_plainly(target["Key"]):
        if second is not None:
            rest = chain((first, second), parts)
            return _put_in_parts(client, target, rest, about, integrity)
        integrity.asked(
            lambda: client.put_object(Body=first, **integrity.of(first), **target, **about)
        )
        return len(first)


def _put_in_parts(
    client: Any,
    target: dict[str, str],
    parts: Iterator[bytes],
    about: dict[str, Any],
    integrity: Integrity,
) -> int:
    part = next(parts)
    upload, first = integrity.asked(lambda: _begun(client, target, part, about, integrity))
    size, done = len(part), [first]
    with _ended_on_failure(client, upload):
        for number, part in enumerate(parts, start=2):
            done.append(_put_part(client, upload, number, part, integrity))
            size += len(part)
        client.complete_multipart_upload(MultipartUpload={"Parts": done}, **upload)
    return size


def _begun(
    client: Any,
    target: dict[str, str],
    part: bytes,
    about: dict[str, Any],
    integrity: Integrity,
) -> tuple[dict[str, str], dict[str, Any]]:
    """Begin an upload and send its first part: some services say only then what they know."""
    created = client.create_multipart_upload(**integrity.of_parts(), **target, **about)
    upload = target | {"UploadId": created["UploadId"]}
    with _ended_on_failure(client, upload):
        return upload, _put_part(client, upload, 1, part, integrity)


@contextmanager
def _ended_on_failure(client: Any, upload: dict[str, str]) -> Iterator[None]:
    try:
        yield
    except BaseException:
        with suppress(Exception):  # what is left is swept (`unfinished.py`)
            client.abort_multipart_upload(**upload)
        raise


def _put_part(
    client: Any, upload: dict[str, str], number: int, part: bytes, integrity: Integrity
) -> dict[str, Any]:
    checksum = integrity.of(part)
    answer = client.upload_part(Body=part, PartNumber=number, **checksum, **upload)
    repeated = {name: sent for name, sent in checksum.items() if name in answer}
    if any(answer[name] != sent for name, sent in repeated.items()):
        raise StorageAwayError("a part arrived damaged")
    return {"PartNumber": number, "ETag": answer["ETag"], **_to_complete(checksum)}


def _to_complete(checksum: dict[str, str]) -> dict[str, str]:
    """Return what is said once more of a part when all are put together: MD5 is not."""
    return {name: sent for name, sent in checksum.items() if name != "ContentMD5"}


def _parts_of(source: IO[bytes]) -> Iterator[bytes]:
    """Yield the file in parts, each full but for the last, however little a read gives."""
    while part := _read_full(source):
        yield part
        if len(part) < PART_BYTES:
            return


def _read_full(source: IO[bytes]) -> bytes:
    pieces, missing = [], PART_BYTES
    while missing and (piece := source.read(missing)):
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)
