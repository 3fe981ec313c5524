"""What people write is kept as they wrote it, and shown so that it cannot disturb what is around.

Joiners, variation selectors, tags and marks of direction are part of words and emoji in many
scripts, so they stay. Only control characters go, which are part of none (The Unicode Standard,
23.1). Text in another direction is isolated where it is shown (Unicode Standard Annex 9, 2.7).
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.safestring import SafeString

from providers.redaction import without_controls

FIRST_STRONG_ISOLATE, POP_ISOLATE = "\u2068", "\u2069"
_ISOLATE_STARTS = "\u2066\u2067\u2068"
# The bidirectional classes that can move what stands beside them.
_TURNING = frozenset(
    ["R", "AL", "AN", "LRE", "LRO", "LRI", "RLE", "RLO", "RLI", "FSI", "PDF", "PDI"]
)
_SPACES = re.compile(r"[ \t]*[\t\n\u2028\u2029][ \t\n\u2028\u2029]*|  +")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# Letters by their class, but with nothing to see: the fillers of Hangul, and an empty Braille cell.
_EMPTY_LETTERS = "\u115f\u1160\u3164\uffa0\u2800"


def is_storable(text: str) -> bool:
    """Whether every database takes `text`, and UTF-8 can write it."""
    return not _UNSTORABLE.search(text)


def cleaned(text: str) -> str:
    """Return `text` without control characters and without space around it."""
    return without_controls(text).strip()


def single_line(text: str) -> str:
    """Return `text` cleaned and in one line."""
    return _SPACES.sub(" ", cleaned(text))


def shortened(text: str, limit: int) -> str:
    """Return at most `limit` characters, never cutting a letter or an emoji in two."""
    if len(text) <= limit:
        return text
    end = limit
    while end and _belong_together(text[end - 1], text[end]):
        end -= 1
    return text[: end or limit].rstrip()


def is_blank(text: str) -> bool:
    """Whether there is nothing to see, whatever `text` consists of."""
    return all(
        letter.isspace()
        or letter in _EMPTY_LETTERS
        or unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Mn", "Me"}
        for letter in text
    )


def balanced(text: str) -> str:
    """Return `text` with every isolate closed that it opens, and opened that it closes."""
    depth = unopened = 0
    for letter in text:
        if letter in _ISOLATE_STARTS:
            depth += 1
        elif letter == POP_ISOLATE:
            unopened, depth = (unopened + 1, 0) if depth == 0 else (unopened, depth - 1)
    return f"{FIRST_STRONG_ISOLATE * unopened}{text}{POP_ISOLATE * depth}"


def isolated(value: object) -> str:
    """Return a text for the middle of a sentence, a title, a mail or a line of the terminal.

    One that runs from left to right throughout comes back as it is: there is nothing to isolate.
    """
    text = str(value)
    if not any(unicodedata.bidirectional(letter) in _TURNING for letter in text):
        return text
    return f"{FIRST_STRONG_ISOLATE}{balanced(text)}{POP_ISOLATE}"


def as_html(value: object) -> SafeString:
    """Return a text for the middle of a page, as an element of its own direction, which browsers
    do not translate: names and prompts are what they are."""
    return format_html('<bdi translate="no">{}</bdi>', balanced(str(value)))


class TextField(forms.CharField):
    """A field for words of a person's own, on one line unless its widget has several."""

    def to_python(self, value: Any) -> str:
        text = str(super().to_python(value) or "")
        is_long = isinstance(self.widget, forms.Textarea)
        text = cleaned(text) if is_long else single_line(text)
        return "" if is_blank(text) else text

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """The browser finds the direction in what is typed."""
        return {**super().widget_attrs(widget), "dir": "auto"}


def _belong_together(left: str, right: str) -> bool:
    """Whether a cut between two characters changes what is seen (Annex 29, simplified)."""
    is_extending = unicodedata.category(right) in {"Mn", "Mc", "Me"} or "\U0001f3fb" <= right <= (
        "\U0001f3ff"  # skin tones
    )
    is_tag = "\U000e0020" <= right <= "\U000e007f"
    is_flag = all("\U0001f1e6" <= letter <= "\U0001f1ff" for letter in (left, right))
    return is_extending or is_tag or is_flag or "\u200d" in (left, right)
