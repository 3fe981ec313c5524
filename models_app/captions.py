"""The words that belong to a photo: one line, however they come."""

from __future__ import annotations

import codecs
from typing import IO

from django.utils.translation import gettext as _

from models_app.legacy_text import TEXTS, guessed_encoding
from models_app.limits import LIMITS, SETS
from models_app.texts import is_blank, shortened, single_line

# `.caption` is what kohya's scripts look for where nothing else is said.
CAPTION_ENDINGS = (".txt", ".caption")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class CaptionError(Exception):
    """The file is no caption; the message says why."""


def is_caption_file(name: str) -> bool:
    """Whether a file of this name holds the caption of the photo of the same stem."""
    return name.lower().endswith(CAPTION_ENDINGS)


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
    # Marks of byte order are left inside where programs join files; they show nothing.
    text = _decoded(data).replace("\ufeff", "")
    if "\0" in text:
        raise CaptionError(_("This is not a text that we can read."))
    return clean_caption(text)


def _decoded(data: bytes) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            # A line's end that another program has added in one byte belongs to no character.
            whole = len(data) - len(data) % 2 if encoding == "utf-16" else len(data)
            return data[:whole].decode(encoding, "replace")
    if wide := _wide_encoding(data):
        return data.decode(wide, "replace")
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode(guessed_encoding([data], TEXTS), "replace")


def _wide_encoding(data: bytes) -> str:
    """Return UTF-16 where text without its mark is in it, else "": of Latin letters and spaces
    every other byte is zero."""
    halves = {"utf-16-be": data[::2], "utf-16-le": data[1::2]}
    zeros = {name: half.count(0) for name, half in halves.items()}
    best = max(zeros, key=lambda name: zeros[name])
    is_wide = len(data) % 2 == 0 and zeros[best] * 2 > len(halves[best])
    return best if is_wide and min(zeros.values()) == 0 else ""
