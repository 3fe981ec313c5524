"""The uploaded files: a row and the bytes of each, `files/file-3f0c…`."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import time
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from trainer.database import Database, Statement, delete, insert, update
from trainer.datasets import ExampleError, examples
from trainer.disk import remove_unknown, sync_folder
from trainer.errors import invalid, not_found
from trainer.threads import in_thread

PURPOSES = ("fine-tune", "calibration", "eval", "batch-api")
MAX_FILE_BYTES = 4 * 1024**3
# Seconds that a file may stay without a run that uses it, or without its bytes.
UNUSED_FOR = 24 * 3600.0


@dataclass(slots=True)
class StoredFile:
    """One uploaded file. `filename` is what the client called it: shown, never used as a path."""

    id: str
    filename: str
    purpose: str
    created_at: float
    checksum: str = ""  # sha256 as announced, later as received
    size: int = 0
    status: str = "PENDING"  # COMPLETED once its lines were read, or INVALID_FORMAT
    line_count: int = 0
    error: str = ""
    upload_token: str = ""  # the secret of the one-time upload address, until it is used

    @property
    def is_expired(self) -> bool:
        """Whether it has waited long enough for a run."""
        return time.time() - self.created_at > UNUSED_FOR

    def answer(self) -> dict[str, Any]:
        """Return the documented FileResponse; mind its capitals."""
        report: dict[str, Any] = {"valid": not self.error, "nlines": self.line_count}
        if self.error:
            report |= {"error": self.error, "error_type": "INVALID_FORMAT"}
        return {
            "id": self.id,
            "object": "file",
            "created_at": int(self.created_at),
            "filename": self.filename,
            "bytes": self.size,
            "purpose": self.purpose,
            "FileType": "jsonl",
            "LineCount": self.line_count,
            "Processed": self.status == "COMPLETED",
            "processing_status": self.status,
            "validation_report": None if self.status == "PENDING" else report,
        }


class FileStore:
    """All files, in memory and in the database. Used on the event loop only."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder
        self._files: dict[str, StoredFile] = {}

    def load(self) -> None:
        """Read what an earlier process left; remove what half came or was half removed."""
        for row in self._database.all_rows("files"):
            self._files[row["id"]] = StoredFile(**row)
        remove_unknown(self._folder, self._files)

    def all(self) -> list[StoredFile]:
        """Return every file, oldest first."""
        return sorted(self._files.values(), key=lambda file: file.created_at)

    def get(self, file_id: str) -> StoredFile:
        """Return one file; raise a 404 for an id that is not one of ours."""
        if file := self.find(file_id):
            return file
        raise not_found(f"File {file_id[:80]}")

    def find(self, file_id: str) -> StoredFile | None:
        """Return one file, None where there is none (any more)."""
        return self._files.get(file_id)

    def with_token(self, token: str) -> StoredFile:
        """Return the file whose upload address ends in `token`; raise a 404 where it is used up."""
        for file in self._files.values():
            if file.upload_token and secrets.compare_digest(
                file.upload_token.encode(), token.encode()
            ):
                return file
        raise not_found("This upload address")

    def same_content(self, checksum: str, purpose: str) -> StoredFile | None:
        """Return the complete file with the same bytes, if there is one."""
        for file in self._files.values():
            known = (file.status, file.checksum, file.purpose)
            if checksum and known == ("COMPLETED", checksum, purpose):
                return file
        return None

    def content(self, file_id: str) -> Path:
        """Return the path of a file's bytes; raise a 404 where they have not come yet."""
        path = self._path(self.get(file_id))
        if not path.exists():
            raise not_found(f"The content of {file_id}")
        return path

    def announce(self, filename: str, purpose: str, checksum: str) -> StoredFile:
        """Create a file whose bytes will come to a one-time address."""
        file = StoredFile(
            id=f"file-{secrets.token_hex(12)}",
            filename=filename,
            purpose=purpose,
            created_at=time.time(),
            checksum=checksum,
            upload_token=secrets.token_urlsafe(24),
        )
        self._files[file.id] = file
        self._database.write(insert("files", asdict(file)))
        return file

    async def receive(self, file: StoredFile, chunks: AsyncIterator[bytes]) -> None:
        """Stream the bytes to disk; raise a 400 where they are too many or not the announced."""
        draft = self._folder / f".{file.id}.{secrets.token_hex(4)}"
        try:
            size, checksum = await _write(draft, chunks)
            self.get(file.id)  # a 404 where it was deleted while its bytes were coming
            if file.checksum and file.checksum != checksum:
                raise invalid("The bytes do not have the announced checksum.", "checksum")
            draft.replace(self._path(file))
        finally:
            draft.unlink(missing_ok=True)
        await in_thread(sync_folder, self._folder)
        file.size, file.checksum, file.upload_token = size, checksum, ""
        self._save(file)

    async def process(self, file: StoredFile) -> None:
        """Check the received lines; the file is then COMPLETED or INVALID_FORMAT."""
        if file.upload_token or file.status != "PENDING":
            return
        try:
            file.line_count = await in_thread(_count_examples, self._path(file))
            file.status = "COMPLETED"
        except ExampleError as error:
            file.status, file.error = "INVALID_FORMAT", str(error)
        self._save(file)

    def link(self, file: StoredFile, path: Path) -> None:
        """Give the bytes a second name: deleting the file leaves a run's data in place."""
        try:
            os.link(self._path(file), path)
        except OSError:  # exFAT, SMB and some shares of virtual machines have none (link(2))
            shutil.copyfile(self._path(file), path)
            with path.open("rb") as copy:
                os.fsync(copy.fileno())

    async def delete(self, file_id: str) -> None:
        """Remove a file for good; raise a 404 where there is none."""
        row, path = self.discard(self.get(file_id))
        await self._database.commit(row)
        path.unlink(missing_ok=True)

    def discard(self, file: StoredFile) -> tuple[Statement, Path]:
        """Take a file out of the list; return how to remove its row, and then its bytes."""
        del self._files[file.id]
        return delete("files", file.id), self._path(file)

    def _path(self, file: StoredFile) -> Path:
        return self._folder / file.id

    def _save(self, file: StoredFile) -> None:
        self._database.write(update("files", asdict(file)))


async def _write(path: Path, chunks: AsyncIterator[bytes]) -> tuple[int, str]:
    """Write a stream piece by piece to the disk; return its size and sha256."""
    size, checksum = 0, hashlib.sha256()
    with path.open("wb") as target:
        async for chunk in chunks:
            size += len(chunk)
            if size > MAX_FILE_BYTES:
                raise invalid(f"The file is larger than {MAX_FILE_BYTES // 1024**3} GiB.", "file")
            checksum.update(chunk)
            target.write(chunk)
        target.flush()
        await in_thread(os.fsync, target.fileno())
    return size, checksum.hexdigest()


def _count_examples(path: Path) -> int:
    count = sum(1 for _ in examples(path))
    if not count:
        raise ExampleError(1, "the file holds no photo")
    return count
