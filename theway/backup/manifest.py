"""What a backup says about itself, and what it may say."""

from __future__ import annotations

import json
import platform
import tomllib
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

import django
from django.conf import settings

from theway.backup.errors import BackupError

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE, SECRET_KEY, MEDIA, JOURNAL = "database", "secret_key", "media", "journal"
# The most that a manifest may have: that of a million files.
MAX_BYTES = 300 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Entry:
    """One file: where it goes, under which name the archive holds it, and how to know it."""

    name: str
    member: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything about a backup but its bytes. `migrations` are pairs of app and name; `missing`
    are files that rows name and that were not there."""

    made_at: str
    versions: dict[str, str]
    database: str
    migrations: tuple[tuple[str, str], ...]
    entries: tuple[Entry, ...]
    missing: tuple[str, ...] = ()

    def as_json(self) -> bytes:
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1).encode()

    @classmethod
    def from_json(cls, data: bytes) -> Manifest:
        """Read and check a manifest. Raises BackupError."""
        try:
            return cls._read(json.loads(data))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise BackupError("The backup is damaged: its manifest cannot be read.") from error

    @classmethod
    def _read(cls, found: dict[str, Any]) -> Manifest:
        if found["format"] != FORMAT:
            raise BackupError("The backup was made by a newer TheWay. Update this one first.")
        entries = tuple(Entry(**one) for one in found["entries"])
        for entry in entries:
            if not _is_ours(entry.name):
                raise BackupError(f"The backup wants to write to “{entry.name}”; it is not ours.")
        if len({entry.name for entry in entries}) < len(entries):
            raise BackupError("The backup is damaged: it names a file twice.")
        if DATABASE not in {entry.name for entry in entries}:
            raise BackupError("The backup is damaged: it has no database.")
        migrations = tuple((str(app), str(name)) for app, name in found["migrations"])
        return cls(
            found["made_at"], dict(found["versions"]), found["database"], migrations, entries
        )

    @property
    def size(self) -> int:
        return sum(entry.size for entry in self.entries)

    @property
    def database_size(self) -> int:
        return sum(entry.size for entry in self.entries if entry.name == DATABASE)


def versions() -> dict[str, str]:
    """Return what made the backup, for whoever has to read it in years."""
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())["project"]
    return {
        "theway": project["version"],
        "django": django.get_version(),
        "python": platform.python_version(),
    }


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _is_ours(name: str) -> bool:
    """Whether a name can only lead to where such a file belongs."""
    parts = PurePosixPath(name).parts
    if not parts or name != "/".join(parts) or ".." in parts or {"\\", "\0"} & set(name):
        return False
    if name in {DATABASE, SECRET_KEY}:
        return True
    return parts[0] in {MEDIA, JOURNAL} and len(parts) > 1
