"""Photos and captions in a ZIP, read the way trainers do."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from PIL import Image

from trainer.engines.simulated.photos import decode, keep_colours

PHOTO_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp"})
MAX_PHOTO_BYTES = 50 * 1024 * 1024
MAX_CAPTION_BYTES = 100 * 1024
MAX_MEMBERS = 5_000


class BadDatasetError(Exception):
    """A dataset that cannot be trained on. The message says why, for the person."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """What is in the ZIP: the captions of its photos by their file's name; None has none."""

    captions: dict[str, str | None]


def read_dataset(path: Path, folder: Path) -> Dataset:
    """Decode every photo of a ZIP and keep their colours in `folder` to make pictures with.

    Takes time: run it in a thread. Raises BadDatasetError for what is no ZIP, holds no photo, or
    one that cannot be decoded.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = _members(archive)
            photos = [name for name in members if _suffix(name) in PHOTO_SUFFIXES]
            if not photos:
                raise BadDatasetError("the zip file contains no images")
            folder.mkdir(parents=True, exist_ok=True)
            keep_colours(folder, _decoded(archive, photos))
            return Dataset({_name(name): _caption(archive, name, members) for name in photos})
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise BadDatasetError("not a readable zip file") from error


def _members(archive: zipfile.ZipFile) -> list[str]:
    """Return the files that trainers look at: none hidden, none of macOS's own."""
    names = [info.filename for info in archive.infolist() if not info.is_dir()]
    if len(names) > MAX_MEMBERS:
        raise BadDatasetError("the zip file holds too many files")
    parts = {name: PurePosixPath(name).parts for name in names}
    return [name for name in names if not any(part[:1] in {".", "_"} for part in parts[name])]


def _decoded(archive: zipfile.ZipFile, names: list[str]) -> Iterator[Image.Image]:
    for name in names:
        if archive.getinfo(name).file_size > MAX_PHOTO_BYTES:
            raise BadDatasetError(f"{_name(name)} is too large")
        try:
            yield decode(archive.read(name))
        except Exception as error:
            # Pillow's decoders raise whatever a broken file happens to cause.
            raise BadDatasetError(f"cannot identify image file {_name(name)!r}") from error


def _caption(archive: zipfile.ZipFile, photo: str, members: list[str]) -> str | None:
    name = str(PurePosixPath(photo).with_suffix(".txt"))
    if name not in members or archive.getinfo(name).file_size > MAX_CAPTION_BYTES:
        return None
    return archive.read(name).decode(errors="replace").strip()


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def _name(name: str) -> str:
    return PurePosixPath(name).name
