"""The collected static files: brought up to date, in a folder where nobody else's files are."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

# Lies in every folder that we have collected into; Django's own list, in older ones and in images.
MARK = ".theway-static"
_DJANGOS_LIST = "staticfiles.json"
# What is made beside a file: its name with a hash, and both compressed.
_MADE = re.compile(r"(\.[0-9a-f]{12})?(\.[^./]+)?(\.gz|\.br)?$")


class ForeignFolderError(Exception):
    """STATIC_DIR holds what is not ours. The message says what to change."""


def collect(write: Callable[[str], None]) -> None:
    """Collect the static files if one of them has changed. Raise ForeignFolderError."""
    stamp = settings.VAR_DIR / "static-files"
    folder = Path(settings.STATIC_ROOT)
    sources = _sources()
    fingerprint = _fingerprint(sources)
    if stamp.exists() and stamp.read_text() == fingerprint and folder.is_dir():
        return
    _take(folder)
    write("collecting static files")
    _remove_collected(folder, set(sources))
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(fingerprint)


def _take(folder: Path) -> None:
    """Mark the folder as ours. What others keep in one would be overwritten."""
    folder.mkdir(parents=True, exist_ok=True)
    names = {path.name for path in folder.iterdir()}
    if names and not names & {MARK, _DJANGOS_LIST}:
        raise ForeignFolderError(
            f"The folder of STATIC_DIR holds other files ({sorted(names)[0]}). Name one that is "
            "empty, or does not exist yet."
        )
    (folder / MARK).touch()


def _remove_collected(folder: Path, sources: set[str]) -> None:
    """Delete what was collected, so that nothing old is taken for new; nothing else.

    `collectstatic --clear` deletes whatever it finds.
    """
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and (name in sources or _original(name) in sources):
            path.unlink()


def _original(name: str) -> str:
    """Return what a file was made of: `base.0123456789ab.css.gz` of `base.css`."""
    return _MADE.sub(lambda found: found[2] or "", name, count=1)


def _sources() -> dict[str, Path]:
    return {
        name: Path(storage.path(name))
        for finder in get_finders()
        for name, storage in finder.list([])
    }


def _fingerprint(sources: dict[str, Path]) -> str:
    """Return a digest over names, sizes and times of every static source."""
    digest = hashlib.sha256()
    for name, path in sources.items():
        stat = path.stat()
        digest.update(f"{name} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()
