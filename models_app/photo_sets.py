"""A set of files that a person chose together: a folder, an archive, or some files at once.

Nothing is dropped without a word: every file is a photo to be taken, the caption of one, refused
with a reason, or litter.
"""

from __future__ import annotations

import posixpath
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import IO

from django.utils.translation import gettext as _, ngettext

from models_app.captions import CaptionError, is_caption_file, read_caption
from models_app.errors import PhotoRefusedError
from models_app.texts import isolated, shortened, single_line

_SHOWN_NAME = 120
_SHOWN_LITTER = 20


class PhotosError(Exception):
    """What was named is no set of photos; the message says why."""


@dataclass(frozen=True, slots=True)
class File:
    """A file of a set: its path there, for showing only, and how to open it.

    Whether it is a photo is for its content to say. `open` raises PhotoRefusedError, CaptionError
    and OSError.
    """

    path: str
    open: Callable[[], AbstractContextManager[IO[bytes]]]
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that is not taken, and why."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{isolated(shown_path(self.path))}: {self.reason}"


@dataclass(frozen=True, slots=True)
class PhotoSet:
    """What a person chose, in their order, and the litter in between."""

    members: tuple[File | Refused, ...]
    litter: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[File, ...]:
        """Those that may be photos."""
        return tuple(member for member in self.members if isinstance(member, File))

    @property
    def refused(self) -> tuple[Refused, ...]:
        return tuple(member for member in self.members if isinstance(member, Refused))


def photo_set(found: Iterable[File | Refused], litter: Iterable[str] = ()) -> PhotoSet:
    """Return the set of what was found: captions go to the photos of the same stem beside them."""
    rest = list(found)
    stems = {_stem(one.path) for one in rest if isinstance(one, File) and not _is_caption(one)}
    captions: dict[str, str] = {}
    members: list[File | Refused] = []
    for one in rest:
        if isinstance(one, Refused) or not _is_caption(one):
            members.append(one)
        elif reason := _keep_caption(one, stems, captions):
            members.append(Refused(one.path, reason))
    return PhotoSet(tuple(_with_caption(one, captions) for one in members), tuple(litter))


def account_of(refused: Sequence[Refused], litter: Sequence[str], taken: int) -> Iterator[str]:
    """Yield what became of a set: a line for each file that was refused, then how many were taken
    of how many, then what was skipped."""
    yield from map(str, refused)
    total = taken + len(refused)
    text = ngettext(
        "%(taken)d of %(total)d file taken.", "%(taken)d of %(total)d files taken.", total
    )
    yield text % {"taken": taken, "total": total}
    if litter:
        names = [isolated(shown_path(path)) for path in litter[:_SHOWN_LITTER]]
        names += ["…"] if len(litter) > _SHOWN_LITTER else []
        yield _("Skipped, because these are no photos: %s.") % ", ".join(names)


def shown_path(path: str) -> str:
    """Return a path for a page or the terminal: it may hold anything, also what is no text."""
    text = single_line(path)
    if len(text) > _SHOWN_NAME:
        text = f"{shortened(text, _SHOWN_NAME // 3)}…{text[-2 * _SHOWN_NAME // 3 :]}"
    return text or "?"


def _is_caption(file: File) -> bool:
    return is_caption_file(file.path)


def _keep_caption(file: File, stems: set[str], captions: dict[str, str]) -> str:
    """Put the caption in `file` to `captions`; return why it is refused instead, or ""."""
    stem = _stem(file.path)
    if stem not in stems:
        return _("This text belongs to no photo: none beside it has the same name.")
    if stem in captions:
        return _("There is another caption of the same name.")
    try:
        with file.open() as source:
            captions[stem] = read_caption(source)
    except (CaptionError, PhotoRefusedError) as error:
        return str(error)
    except OSError:
        return _("This file cannot be read.")
    return ""


def _with_caption(member: File | Refused, captions: dict[str, str]) -> File | Refused:
    caption = captions.get(_stem(member.path), "")
    return replace(member, caption=caption) if caption and isinstance(member, File) else member


def _stem(path: str) -> str:
    """Return what a photo and its caption share: systems differ in case and composition."""
    return unicodedata.normalize("NFC", posixpath.splitext(path)[0]).casefold()
