"""A folder of photos on this machine, with the folders in it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import IO

from django.utils.translation import gettext as _

from models_app.limits import SETS
from models_app.litter import is_litter
from models_app.photo_sets import File, PhotosError, PhotoSet, Refused, photo_set

_NUMBER = re.compile(r"(\d+)")


def read_folder(folder: Path) -> PhotoSet:
    """Return what `folder` holds, in the order of the names, numbers by their value.

    Raises PhotosError.
    """
    if not folder.is_dir():
        raise PhotosError(_("%s is not a folder.") % folder)
    litter: list[str] = []
    found: list[File | Refused] = []
    try:
        for path in _walked(folder, folder, litter):
            if len(found) + len(litter) >= SETS.max_members:
                text = _("%(folder)s holds more than %(count)d files.")
                raise PhotosError(text % {"folder": folder, "count": SETS.max_members})
            found.append(_found(path, _name_in(folder, path)))
    except OSError as error:
        raise PhotosError(_("%s cannot be read.") % folder) from error
    return photo_set(found, litter)


def _walked(folder: Path, top: Path, litter: list[str]) -> Iterator[Path]:
    """Yield every file below `folder`, and folders that are not looked into."""
    for path in sorted(folder.iterdir(), key=_in_order):
        if is_litter(path.name):
            litter.append(_name_in(top, path))
        elif _is_open(path, top):
            yield from _walked(path, top, litter)
        else:
            yield path


def _is_open(path: Path, top: Path) -> bool:
    """Whether a folder is looked into: a link could lead anywhere, and around in circles."""
    depth = len(path.relative_to(top).parts)
    return (
        path.is_dir()
        and not path.is_symlink()
        and depth <= SETS.max_depth
        and os.access(path, os.R_OK | os.X_OK)
    )


def _found(path: Path, name: str) -> File | Refused:
    reason = _why_refused(path)
    return Refused(name, reason) if reason else File(name, partial(_opened, path))


def _why_refused(path: Path) -> str:
    try:
        if path.is_dir():
            return _("This folder is not looked into: it is a link, too deep, or closed to us.")
        if not path.is_file():
            return _("This is no file, or a link that leads nowhere.")
        with path.open("rb"):
            return ""
    except OSError:
        return _("This file cannot be read.")


def _opened(path: Path) -> IO[bytes]:
    return path.open("rb")


def _name_in(top: Path, path: Path) -> str:
    return path.relative_to(top).as_posix()


def _in_order(path: Path) -> list[tuple[int, str]]:
    """Return what sorts IMG_2 before IMG_10."""
    parts = _NUMBER.split(path.name)
    return [(int(part), "") if at % 2 else (0, part) for at, part in enumerate(parts)]
