"""Whether a file is still in the storage as it was stored.

A power cut, a full disk or half a copy leaves files that exist and are empty or cut.
"""

from __future__ import annotations

from django.core.files.storage import default_storage


def is_whole(name: str, size: int | None) -> bool:
    """Return whether there is a file of this size. A folder in its place is none.

    Raises errors of the storage.
    """
    return default_storage.exists(name) and default_storage.size(name) == size
