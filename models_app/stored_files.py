"""Whether a file is still in the storage as it was stored.

A power cut, a full disk or half a copy leaves files that exist and are empty or cut.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.core.files.storage import default_storage


@dataclass(frozen=True, slots=True)
class Stored:
    """A file in a storage: its name there, its bytes, and when it was last written (seconds since
    1970)."""

    name: str
    size: int
    changed: float


def is_whole(name: str, size: int | None) -> bool:
    """Return whether there is a file of this size. A folder in its place is none.

    Asks the storage once, and raises its errors.
    """
    try:
        return bool(name) and default_storage.size(name) == size
    except (FileNotFoundError, NotADirectoryError):
        return False
