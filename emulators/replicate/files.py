"""Uploaded files: a record and the bytes each, until they are deleted or expire."""

from __future__ import annotations

import hashlib
import os
import secrets
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from emulators.hosted.agenda import Agenda
from emulators.hosted.clock import Clock
from emulators.hosted.records import Records
from emulators.replicate.bodies import Upload
from emulators.replicate.errors import Refusal, not_found
from emulators.replicate.times import stamp
from trainer.disk import remove_unknown, sync_folder
from trainer.threads import in_thread

Json = dict[str, Any]

KEPT_SECONDS = 24 * 3600.0  # the real ones say it in `expires_at`; the length is not published
MAX_BYTES = 100 * 1024 * 1024
CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One uploaded file."""

    id: str
    name: str
    content_type: str
    size: int
    sha256: str
    metadata: Json
    created_at: float
    expires_at: float

    def answer(self, base: str) -> Json:
        """Return it as the API does."""
        return {
            "id": self.id,
            "name": self.name,
            "content_type": self.content_type,
            "size": self.size,
            "etag": self.sha256[:32],
            "checksums": {"sha256": self.sha256},
            "metadata": self.metadata,
            "created_at": stamp(self.created_at),
            "expires_at": stamp(self.expires_at),
            "urls": {"get": f"{base}/v1/files/{self.id}"},
        }


class Files:
    """All files. Used on the event loop only."""

    def __init__(self, records: Records, folder: Path, agenda: Agenda, clock: Clock) -> None:
        self._records = records
        self._folder = folder
        self._agenda = agenda
        self._clock = clock

    def resume(self) -> None:
        """Remove what half came, and what expires in its time."""
        remove_unknown(self._folder, {record["id"] for record in self._records})
        for record in self._records:
            self._agenda.at(record["expires_at"], partial(self.delete, record["id"]))

    def newest_first(self) -> list[StoredFile]:
        """Return every file that has not expired, the newest first."""
        files = [StoredFile(**record) for record in self._records.newest_first()]
        return [file for file in files if file.expires_at > self._clock.now()]

    def get(self, file_id: str) -> StoredFile:
        """Return one file; raise a 404 for one that is not there, or not any more."""
        record = self._records.get(file_id)
        if record is None or record["expires_at"] <= self._clock.now():
            raise not_found()
        return StoredFile(**record)

    def path(self, file_id: str) -> Path:
        """Return where the bytes of a file are; raise a 404 as `get` does."""
        return self._folder / self.get(file_id).id

    async def add(self, upload: Upload) -> StoredFile:
        """Keep an upload: on the disk when this returns. Raises a 413 for too many bytes."""
        file_id, now = secrets.token_urlsafe(24).replace("-", "A"), self._clock.now()
        size, digest = await in_thread(_write, upload.content.file, self._folder / file_id)
        file = StoredFile(
            id=file_id,
            name=upload.name,
            content_type=upload.content_type,
            size=size,
            sha256=digest,
            metadata=upload.metadata,
            created_at=now,
            expires_at=now + KEPT_SECONDS,
        )
        await self._records.save(file_id, asdict(file))
        self._agenda.at(file.expires_at, partial(self.delete, file_id))
        return file

    async def delete(self, file_id: str) -> None:
        """Remove a file for good, if it is there."""
        if self._records.get(file_id) is not None:
            await self._records.remove(file_id)
            (self._folder / file_id).unlink(missing_ok=True)


def _write(source: BinaryIO, path: Path) -> tuple[int, str]:
    """Copy the bytes to the disk; return how many, and their sha256."""
    size, digest = 0, hashlib.sha256()
    try:
        with path.open("wb") as target:
            while chunk := source.read(CHUNK):
                size += len(chunk)
                if size > MAX_BYTES:
                    raise Refusal(413, "Files may have at most 100 MB.")
                digest.update(chunk)
                target.write(chunk)
            target.flush()
            os.fsync(target.fileno())
    except Refusal:
        path.unlink()
        raise
    sync_folder(path.parent)
    return size, digest.hexdigest()
