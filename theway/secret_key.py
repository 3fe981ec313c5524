"""The installation's secret key: generated once, kept in a private file."""

import os
import secrets
from pathlib import Path

from models_app.disk import sync


def load_secret_key(path: Path) -> str:
    """Return the key stored at `path`; the first caller generates it.

    Several processes start at once, so the file is created exclusively: those that lose the
    race read the winner's key. Raises OSError where the folder is not writable.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Written under another name and linked into place: no reader sees half a key.
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    if not path.exists():
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(50))
        sync(draft)
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
        sync(path.parent)  # another key after a power cut would sign everybody out
    return path.read_text().strip()
