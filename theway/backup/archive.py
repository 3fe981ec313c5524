"""The file itself: a ZIP whose members are stored as they are, with a manifest at its end."""

from __future__ import annotations

import hashlib
import os
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from models_app.disk import sync
from theway.backup.errors import BackupError
from theway.backup.manifest import MANIFEST, MAX_BYTES, Entry, Manifest

CHUNK = 1024 * 1024
# Told how many bytes were read or written since it was last called.
Progress = Callable[[int], None]


class Writer:
    """Adds files; every one is read once."""

    def __init__(self, archive: zipfile.ZipFile, progress: Progress) -> None:
        self._archive, self._progress = archive, progress
        self._members: set[str] = set()

    def add(self, path: Path, name: str) -> Entry:
        """Copy a file. One that changed since it was added gets a second member.

        Raises OSError.
        """
        member = name
        while member in self._members:
            member += "~"
        self._members.add(member)
        with path.open("rb") as source, self._open(member) as target:
            size, digest = _copy(source, target, self._progress)
        return Entry(name, member, size, digest)

    def finish(self, manifest: Manifest) -> None:
        """Write the manifest: without one it is no backup."""
        with self._open(MANIFEST) as target:
            target.write(manifest.as_json())

    def _open(self, member: str) -> IO[bytes]:
        info = zipfile.ZipInfo(member, time.gmtime()[:6])
        info.external_attr = 0o600 << 16
        return self._archive.open(info, "w", force_zip64=True)


class Reader:
    """A backup that is read; `manifest` is checked, its files are not yet."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.manifest = Manifest.from_json(self._manifest_bytes())

    def verify(self, progress: Progress) -> None:
        """Read every file. Raises BackupError where one is not what the manifest says."""
        with Path(os.devnull).open("wb") as nowhere:
            for entry in self.manifest.entries:
                self._copy(entry, nowhere, progress)

    def extract(self, folder: Path, progress: Progress) -> None:
        """Write every file below an empty folder, checked. Raises BackupError and OSError."""
        for entry in self.manifest.entries:
            path = folder / entry.name
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with path.open("xb") as target:
                self._copy(entry, target, progress)

    def _manifest_bytes(self) -> bytes:
        try:
            info = self._archive.getinfo(MANIFEST)
        except KeyError:
            raise BackupError("This is no backup of TheWay: it has no manifest.") from None
        if info.file_size > MAX_BYTES or info.compress_type != zipfile.ZIP_STORED:
            raise BackupError("The backup is damaged: its manifest is too large.")
        with _damage_is_said(MANIFEST):
            return self._archive.read(info)

    def _copy(self, entry: Entry, target: IO[bytes], progress: Progress) -> None:
        with _damage_is_said(entry.name):
            info = self._archive.getinfo(entry.member)
            # Nothing that unfolds: what is read is never more than the archive's own size.
            if info.compress_type != zipfile.ZIP_STORED or info.file_size != entry.size:
                raise zipfile.BadZipFile
            with self._archive.open(info) as source:
                found = _copy(source, target, progress)
            if found != (entry.size, entry.sha256):
                raise zipfile.BadZipFile


@contextmanager
def written(target: Path, progress: Progress) -> Iterator[Writer]:
    """A new archive that takes its name once it is whole, verified and on the disk.

    Only this account can read it. Raises BackupError and OSError.
    """
    draft = target.with_name(f".{target.name}.part")
    draft.unlink(missing_ok=True)  # of one that was killed
    descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w+b") as file, zipfile.ZipFile(file, "w") as archive:
            yield Writer(archive, progress)
        sync(draft)
        with opened(draft) as reader:
            reader.verify(progress)
        draft.replace(target)
        sync(target.parent)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def opened(path: Path) -> Iterator[Reader]:
    """A backup to read. Raises BackupError where it is none, or damaged."""
    try:
        archive = zipfile.ZipFile(path)
    except zipfile.BadZipFile:
        raise BackupError(f"{path} is no backup, or only a part of one.") from None
    except OSError as error:
        raise BackupError(f"{path} cannot be read: {error.strerror}.") from error
    with archive:
        yield Reader(archive)


@contextmanager
def _damage_is_said(name: str) -> Iterator[None]:
    """Everything that zipfile raises about damaged archives, in one word."""
    try:
        yield
    except (zipfile.BadZipFile, KeyError, EOFError, ValueError, NotImplementedError) as error:
        raise BackupError(f"The backup is damaged: {name} is not what was saved.") from error


def _copy(source: IO[bytes], target: IO[bytes], progress: Progress) -> tuple[int, str]:
    """Return size and SHA-256 of what was copied."""
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(CHUNK):
        digest.update(chunk)
        target.write(chunk)
        size += len(chunk)
        progress(len(chunk))
    return size, digest.hexdigest()
