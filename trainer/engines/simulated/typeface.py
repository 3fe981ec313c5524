"""Text on images, also where the machine has no fonts installed."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import cast

from PIL import ImageFont
from PIL.ImageFont import FreeTypeFont

# Fonts that common systems bring, found by name. Pillow's own has ASCII letters only.
NAMES = ("DejaVuSans.ttf", "LiberationSans-Regular.ttf", "NotoSans-Regular.ttf", "Arial.ttf")

PILLOW_FONT = "Aileron"
MAX_CHARACTERS = 400  # that are measured; measuring thousands takes seconds


@lru_cache(maxsize=64)
def font(size: int) -> FreeTypeFont:
    """Return a font of about `size` pixels."""
    for name in NAMES:
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return cast(FreeTypeFont, ImageFont.load_default(size))


def printable(text: str) -> str:
    """Return the text on one line, in letters that the font really has."""
    line = " ".join(text.split())
    if font(16).getname()[0] != PILLOW_FONT:
        return line
    dashed = line.replace("—", "-").replace("–", "-")
    return unicodedata.normalize("NFKD", dashed).encode("ascii", "ignore").decode()


def wrap(text: str, face: FreeTypeFont, width: float, max_lines: int) -> list[str]:
    """Break a text into at most `max_lines` lines of `width` pixels; the rest becomes "..."."""
    lines: list[str] = []
    current = ""
    for word in printable(text[:MAX_CHARACTERS]).split():
        longer = f"{current} {word}".strip()
        if current and face.getlength(longer) > width:
            lines.append(current)
            current = word
        else:
            current = longer
    lines.append(current)
    if len(lines) > max_lines:
        lines = [*lines[: max_lines - 1], f"{lines[max_lines - 1]} ..."]
    return [shorten(line, face, width) for line in lines]


def shorten(line: str, face: FreeTypeFont, width: float) -> str:
    """Cut a line that is too wide, with "..." at its end."""
    if face.getlength(line) <= width:
        return line
    bare = line.removesuffix(" ...")
    while bare and face.getlength(f"{bare}...") > width:
        bare = bare[:-1]
    return f"{bare}..."
