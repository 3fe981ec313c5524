"""The words that belong to a photo: one line, however they come."""

from __future__ import annotations

import codecs
from typing import IO

from django.utils.translation import gettext as _

from models_app.legacy_text import TEXTS, guessed_encoding
from models_app.limits import LIMITS, SETS
from models_app.texts import is_blank, shortened, single_line

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class CaptionError(Exception):
    """The file is no caption; the message says why."""


def is_caption_file(name: str) -> bool:
    """Whether a file of this name holds the caption of the photo of the same stem."""
    return name.lower().endswith(".txt")


def clean_caption(text: str) -> str:
    """Return a caption as it is stored: one line of at most `LIMITS.max_caption` characters."""
    line = shortened(single_line(text), LIMITS.max_caption)
    return "" if is_blank(line) else line


def check_caption_bytes(size: int) -> None:
    """Raise CaptionError if a text of `size` bytes is too long."""
    if size > SETS.max_caption_bytes:
        raise CaptionError(_("This text is too long to be a caption."))


def read_caption(source: IO[bytes]) -> str:
    """Return the caption in a text file, whatever it is encoded in. Raises CaptionError."""
    data = source.read(SETS.max_caption_bytes + 1)
    check_caption_bytes(len(data))
    text = _decoded(data)
    if "\0" in text:
        raise CaptionError(_("This is not a text that we can read."))
    return clean_caption(text)


def _decoded(data: bytes) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode(guessed_encoding([data], TEXTS), "replace")
