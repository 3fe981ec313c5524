"""The installation's secret key: generated once, kept in a private file."""

import os
import secrets
from pathlib import Path

from environment.errors import SettingError
from models_app.disk import sync


def load_secret_key(path: Path) -> str:
    """Return the key stored at `path`; the first caller generates it.

    Several processes start at once, so the file is created exclusively: those that lose the
    race read the winner's key. Raises SettingError where no key can be had: a new one in place of
    one that is lost would end all sessions and second steps, so that is for the operator to say.
    """
    try:
        if not path.exists():
            _generate(path)
        key = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", "") or "it holds no text"
        raise SettingError(f"The secret key in {path} cannot be read or made: {reason}.") from None
    if not key:
        raise SettingError(
            f"The secret key in {path} is empty. Put back the file from a backup; or delete it for "
            "a new key, which signs everybody out and ends their second steps."
        )
    return key


def _generate(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Written under another name and put into place: no reader sees half a key.
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(50))
        sync(draft)
        _put(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    sync(path.parent)  # another key after a power cut would sign everybody out


def _put(draft: Path, path: Path) -> None:
    """Give the draft its name, unless somebody was first."""
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    except OSError:
        # exFAT, SMB and some shares of virtual machines have no second names (link(2)). There the
        # first two processes must not start in the same moment; the launcher's do not.
        if not path.exists():
            draft.rename(path)
