"""Takes a hostile file in as the site does, and looks at what that left behind."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from models_app import photo_files
from models_app.errors import PhotoRefusedError
from models_app.intake import Result, State, take_in
from models_app.models import UserModel
from models_app.photo_sets import File, PhotoSet, photo_set
from models_app.uploaded_sets import archive_in
from tests.hostile.case import PAYLOAD, STORED, Case


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a file: a code for each result, what is wrong with it, and what was left."""

    codes: tuple[str, ...]
    faults: tuple[str, ...]
    leftovers: tuple[str, ...]


def taken_in(model: UserModel, one: Case, source: IO[bytes]) -> Taken:
    """Take a case in, then remove what was stored. Raises whatever the site would fail with."""
    results = list(_results(model, one, source))
    codes = tuple(STORED if each.state is State.STORED else each.code for each in results)
    faults = (*_faults(one, codes), *_of_texts(results), *_of_files(model))
    leftovers = tuple(left_behind(model))
    for photo in model.photos.all():
        photo_files.remove(photo.stored_names)
        photo.delete()
    return Taken(codes, faults, leftovers)


def _results(model: UserModel, one: Case, source: IO[bytes]) -> Iterator[Result]:
    size = source.seek(0, os.SEEK_END)
    source.seek(0)
    upload = UploadedFile(source, name="upload", size=size)
    try:
        photos = archive_in(upload) or _single(one.file_name, source)
    except PhotoRefusedError as error:
        yield Result(one.file_name, State.REFUSED, error.message, error.code)
        return
    yield from take_in(model, photos)


def _single(name: str, source: IO[bytes]) -> PhotoSet:
    return photo_set([File(name, partial(nullcontext, source))])


def _faults(one: Case, codes: tuple[str, ...]) -> Iterator[str]:
    for code in sorted(set(codes) - one.outcomes) if one.outcomes else ():
        yield f"{one.name}: {code or 'a reason without a code'} instead of {sorted(one.outcomes)}"


def _of_texts(results: list[Result]) -> Iterator[str]:
    """Every refusal is a sentence."""
    for one in results:
        if not one.text.endswith(".") or "%(" in one.text or "Traceback" in one.text:
            yield f"no sentence: {one.text!r}"


def _of_files(model: UserModel) -> Iterator[str]:
    """What is stored holds a picture, and no name that can do anything."""
    for photo in model.photos.all():
        for name in photo.stored_names:
            data = (Path(settings.MEDIA_ROOT) / name).read_bytes()
            if PAYLOAD in data or not data.startswith((b"\xff\xd8\xff", b"\x89PNG")):
                yield f"{name} is more than a picture"
        # Marks of direction stay: they are part of words, and isolated where they are shown.
        if any(letter == "/" or ord(letter) < 32 for letter in photo.original_filename):
            yield f"a name of {photo.original_filename!r}"


def left_behind(model: UserModel) -> Iterator[str]:
    """Yield the files without a row, those of the temporary folder, and open nameless ones."""
    known = {name for photo in model.photos.all() for name in photo.stored_names}
    media = Path(settings.MEDIA_ROOT)
    for path in media.rglob("*"):
        if path.is_file() and path.relative_to(media).as_posix() not in known:
            yield str(path)
    yield from (str(path) for path in Path(settings.FILE_UPLOAD_TEMP_DIR).iterdir())
    for link in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            if str(link.readlink()).startswith(f"{settings.FILE_UPLOAD_TEMP_DIR}/"):
                yield f"open: {link.readlink()}"
