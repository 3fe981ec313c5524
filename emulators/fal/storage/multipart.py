"""Uploads in parts: sent in any order, put together at the end."""

from __future__ import annotations

import hashlib
import secrets
import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from emulators.fal.errors import FalError, not_found
from emulators.hosted.records import Json
from trainer.disk import remove_unknown
from trainer.threads import in_thread

PIECE = 1024 * 1024


class Multipart:
    """Uploads that have begun. They end with the process: clients begin again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._documents: dict[str, Json] = {}
        self._etags: dict[str, dict[int, str]] = {}

    def load(self) -> None:
        """Remove the parts that an earlier process has left."""
        remove_unknown(self._folder, ())

    def begin(self, document: Json) -> str:
        """Return the id of an upload that will become a file."""
        upload_id = secrets.token_hex(12)
        self._documents[upload_id] = document
        self._etags[upload_id] = {}
        (self._folder / upload_id).mkdir()
        return upload_id

    async def receive(
        self, upload_id: str, file_id: str, number: int, chunks: AsyncIterator[bytes]
    ) -> str:
        """Keep one part; return its ETag, with the quotes that belong to it."""
        self._document(upload_id, file_id)
        digest = hashlib.md5(usedforsecurity=False)
        with (self._folder / upload_id / str(number)).open("wb") as part:
            async for chunk in chunks:
                digest.update(chunk)
                part.write(chunk)
        etag = f'"{digest.hexdigest()}"'
        self._etags[upload_id][number] = etag
        return etag

    def complete(
        self, upload_id: str, file_id: str, parts: Sequence[Mapping[str, Any]]
    ) -> tuple[Json, AsyncIterator[bytes]]:
        """Return the file's document and its bytes; raise a 400 for parts that do not fit."""
        document = self._document(upload_id, file_id)
        known = self._etags[upload_id]
        named = {part.get("partNumber"): part.get("etag") for part in parts}
        if not named or named != known or sorted(known) != list(range(1, len(known) + 1)):
            raise FalError(400, "The parts are not those that were uploaded", "bad_request")
        return document, self._bytes(upload_id, len(known))

    async def forget(self, upload_id: str) -> None:
        """Remove the parts of an upload."""
        self._documents.pop(upload_id, None)
        self._etags.pop(upload_id, None)
        await in_thread(shutil.rmtree, self._folder / upload_id, ignore_errors=True)

    def _document(self, upload_id: str, file_id: str) -> Json:
        document = self._documents.get(upload_id)
        if document is None or document["id"] != file_id:
            raise not_found("Upload")
        return document

    async def _bytes(self, upload_id: str, count: int) -> AsyncIterator[bytes]:
        for number in range(1, count + 1):
            with (self._folder / upload_id / str(number)).open("rb") as part:
                while piece := part.read(PIECE):
                    yield piece
