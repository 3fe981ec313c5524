from __future__ import annotations


class BackupError(Exception):
    """A backup cannot be made, or not be restored. The message says why and what to do."""
