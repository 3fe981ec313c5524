"""A folder of photos on this machine: what is to be taken, what is refused, what is litter.

Nothing is dropped without a word: every entry is one of the three.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _, ngettext

from models_app.texts import isolated, single_line

# What systems and programs leave in folders of photos, by name and by ending in lower case.
_LITTER = {
    "thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "picasa.ini", "icon\r",
    "__macosx", "@eadir", "$recycle.bin", "system volume information",
}  # fmt: skip
# Notes of cameras and programs beside a photo of the same name.
_LITTER_ENDINGS = (".aae", ".xmp", ".thm")


class FolderError(Exception):
    """The folder cannot be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Refused:
    """An entry that is not taken, and why."""

    name: str
    reason: str

    def __str__(self) -> str:
        return f"{isolated(self.name)}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Contents:
    """What a folder holds. Whether a file is a photo is for its content to say, not its name."""

    files: tuple[Path, ...]
    refused: tuple[Refused, ...]
    litter: tuple[str, ...]


def read_folder(folder: Path) -> Contents:
    """Return what `folder` holds, in the order of the names. Raises FolderError."""
    if not folder.is_dir():
        raise FolderError(_("%s is not a folder.") % folder)
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise FolderError(_("%s cannot be read.") % folder) from error
    litter = [entry for entry in entries if is_litter(entry.name)]
    rest = [entry for entry in entries if not is_litter(entry.name)]
    refused = [Refused(shown_name(entry), why) for entry in rest if (why := _why_refused(entry))]
    files = [entry for entry in rest if not _why_refused(entry)]
    return Contents(tuple(files), tuple(refused), tuple(map(shown_name, litter)))


def is_litter(name: str) -> bool:
    """Whether a file or folder of this name is known to be no photo of anybody."""
    lower = name.lower()
    return lower.startswith((".", "~$")) or lower in _LITTER or lower.endswith(_LITTER_ENDINGS)


def account_of(contents: Contents, refused: Sequence[Refused], taken: int) -> Iterator[str]:
    """Yield what became of everything in the folder: a line for each that was refused, then how
    many were taken of how many."""
    yield from map(str, refused)
    total = taken + len(refused)
    text = ngettext(
        "%(taken)d of %(total)d file taken.", "%(taken)d of %(total)d files taken.", total
    )
    yield text % {"taken": taken, "total": total}
    if contents.litter:
        names = ", ".join(map(isolated, contents.litter))
        yield _("Skipped, because these are no photos: %s.") % names


def shown_name(path: Path) -> str:
    """Return a file's name for the terminal: names may hold anything, also what is no text."""
    return single_line(path.name) or "?"


def _why_refused(entry: Path) -> str:
    try:
        if entry.is_dir():
            return _("This is a folder. Only files directly in the folder are taken.")
        if not entry.is_file():
            return _("This is no file, or a link that leads nowhere.")
        with entry.open("rb"):
            return ""
    except OSError:
        return _("This file cannot be read.")
