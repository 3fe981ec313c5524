"""Stored files: a document each, and their bytes beside them in `files/`."""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

from emulators.fal.errors import FalError, not_found
from emulators.hosted.agenda import Agenda
from emulators.hosted.clock import Clock
from emulators.hosted.records import Json, Records
from trainer.disk import remove_unknown, sync_folder
from trainer.threads import in_thread

MAX_BYTES = 4 * 1024**3


class Files:
    """All files of the host. Used on the event loop only.

    A document holds: id, account, name, content_type, size, expires_at (0: never), acl,
    request_id (of an output), and token (of an upload address that has not been used).
    """

    def __init__(self, records: Records, folder: Path, clock: Clock, agenda: Agenda) -> None:
        self._records = records
        self._folder = folder
        self._clock = clock
        self._agenda = agenda

    def load(self) -> None:
        """Read what an earlier process has kept; remove bytes without a document."""
        self._records.load()
        remove_unknown(self._folder, {document["id"] for document in self._records})
        for document in self._records:
            self._schedule_end(document)

    def new(
        self,
        account: str,
        name: str,
        content_type: str,
        *,
        lifetime: float,
        acl: dict[str, Any],
        request_id: str = "",
    ) -> Json:
        """Return the document of a file whose bytes are still to come; not kept yet."""
        return {
            "id": secrets.token_hex(10),
            "account": account,
            "name": _safe(name),
            "content_type": content_type or "application/octet-stream",
            "size": 0,
            "expires_at": self._clock.now() + lifetime if lifetime else 0.0,
            "acl": acl,
            "request_id": request_id,
        }

    async def receive(self, document: Json, chunks: AsyncIterator[bytes]) -> None:
        """Stream a file's bytes to the disk and keep it: both are there when this returns."""
        draft = self._folder / f".{secrets.token_hex(8)}"
        try:
            document["size"] = await _write(draft, chunks)
            draft.replace(self.path(document))
        finally:
            draft.unlink(missing_ok=True)
        await in_thread(sync_folder, self._folder)
        await self.keep(document)

    async def add(self, document: Json, data: bytes) -> None:
        """Keep a file that the service itself has made."""
        await self.receive(document, _once(data))

    async def keep(self, document: Json) -> None:
        """Keep a document as it is now."""
        await self._records.save(document["id"], document)
        self._schedule_end(document)

    def find(self, file_id: str) -> Json | None:
        """Return a file that has not expired, None where there is none."""
        document = self._records.get(file_id)
        return None if document is None or self._is_expired(document) else document

    def readable(self, file_id: str, name: str, reader: str) -> Json:
        """Return a file that an account ("" for nobody) may read.

        Raises a 404 for what is not there, has expired or is hidden, and a 403 for what is
        forbidden to this reader.
        """
        document = self.find(file_id)
        if document is None or document["name"] != name or not self.path(document).exists():
            raise not_found("File")
        decision = _decision(document, reader)
        if decision == "hide":
            raise not_found("File")
        if decision == "forbid":
            raise FalError(403, "Access to this file is forbidden")
        return document

    def path(self, document: Json) -> Path:
        """Return where a file's bytes are."""
        return self._folder / str(document["id"])

    def outputs_of(self, request_id: str) -> list[Json]:
        """Return the files that a request has made and that are still there."""
        return [
            document
            for document in self._records
            if document["request_id"] == request_id and not self._is_expired(document)
        ]

    async def remove(self, document: Json) -> None:
        """Remove a file for good."""
        self.path(document).unlink(missing_ok=True)  # first: without its row nobody would find it
        await self._records.remove(document["id"])

    def _is_expired(self, document: Json) -> bool:
        return 0 < float(document["expires_at"]) <= self._clock.now()

    def _schedule_end(self, document: Json) -> None:
        if document["expires_at"]:
            self._agenda.at(document["expires_at"], partial(self.remove, document))


def address(origin: str, document: Json) -> str:
    """Return where a file can be read."""
    return f"{origin}/files/b/{document['id']}/{document['name']}"


def file_value(origin: str, document: Json) -> Json:
    """Return a file as results name it."""
    return {
        "url": address(origin, document),
        "content_type": document["content_type"],
        "file_name": document["name"],
        "file_size": document["size"],
    }


def _decision(document: Json, reader: str) -> str:
    if reader and reader == document["account"]:
        return "allow"
    acl = document["acl"]
    for rule in acl.get("rules") or ():
        if reader and rule.get("user") == reader:
            return str(rule.get("decision"))
    return str(acl.get("default") or "allow")


def _safe(name: str) -> str:
    kept = "".join(letter if letter.isalnum() or letter in "._-" else "_" for letter in name)
    return kept.lstrip(".")[-100:] or "file"


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def _write(path: Path, chunks: AsyncIterator[bytes]) -> int:
    size = 0
    with path.open("wb") as target:
        async for chunk in chunks:
            size += len(chunk)
            if size > MAX_BYTES:
                raise FalError(413, "The file is too large", "bad_request")
            target.write(chunk)
        target.flush()
        await in_thread(os.fsync, target.fileno())
    return size
