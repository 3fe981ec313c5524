"""The kinds of values: each takes a text literally, or says what it must be."""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Generic, TypeVar

from environment.errors import UnfitError

ROOT = Path(__file__).resolve().parent.parent  # the project: what relative paths are relative to
T = TypeVar("T")


@dataclass(frozen=True)
class Variable(Generic[T]):
    """One variable. Set to nothing it counts as not set, unless `empty_means` something.

    `default` is None where it follows from other settings. `secret` says that the value is one,
    for readers: no message ever holds a value.
    """

    name: str
    default: T | None = None
    secret: bool = False
    empty_means: T | None = None

    @property
    def what(self) -> str:
        """What a value must be, as it continues "NAME must be"."""
        raise NotImplementedError

    def parse(self, text: str) -> T:
        """Return the value. Raise ValueError, or UnfitError with a better word than `what`."""
        raise NotImplementedError


@dataclass(frozen=True)
class Text(Variable[str]):
    """Any text of one line."""

    what = "one line of text without spaces around it"

    def parse(self, text: str) -> str:
        if text != text.strip() or not text.isprintable():
            raise ValueError
        return text


@dataclass(frozen=True)
class Key(Variable[str]):
    """What is sent in a header: a bearer token."""

    what = "made of printable ASCII characters without spaces"

    def parse(self, text: str) -> str:
        if not re.fullmatch(r"[!-~]+", text):
            raise ValueError
        return text


@dataclass(frozen=True)
class Keys(Variable[tuple[str, ...]]):
    """Keys with commas between them."""

    what = "keys of printable ASCII characters without spaces, separated by commas"

    def parse(self, text: str) -> tuple[str, ...]:
        key = Key(self.name)
        return tuple(key.parse(part) for part in parts_of(text))


@dataclass(frozen=True)
class Flag(Variable[bool]):
    """Yes or no."""

    what = "true or false"

    def parse(self, text: str) -> bool:
        word = text.strip().lower()
        if word in {"true", "yes", "on", "1", "y", "t"}:
            return True
        if word in {"false", "no", "off", "0", "n", "f"}:
            return False
        raise ValueError


@dataclass(frozen=True)
class Number(Variable[int]):
    """A whole number, in digits."""

    low: int = 0
    high: int = 1_000_000

    @property
    def what(self) -> str:
        return f"a whole number from {self.low} to {self.high}"

    def parse(self, text: str) -> int:
        return _digits(text, self.low, self.high)


@dataclass(frozen=True)
class Amount(Variable[int | None]):
    """A whole number, or `none` for no limit."""

    high: int = 1_000_000_000

    @property
    def what(self) -> str:
        return f"a whole number up to {self.high}, or none"

    def parse(self, text: str) -> int | None:
        return None if text.strip().lower() == "none" else _digits(text, 0, self.high)


@dataclass(frozen=True)
class Money(Variable[Decimal | None]):
    """An amount of US dollars, with a point for cents, or `none` for no limit."""

    high: int = 10_000_000

    @property
    def what(self) -> str:
        return f"an amount of US dollars up to {self.high}, such as 25 or 7.50, or none"

    def parse(self, text: str) -> Decimal | None:
        word = text.strip()
        if word.lower() == "none":
            return None
        if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,2})?", word) or Decimal(word) > self.high:
            raise ValueError
        return Decimal(word)


@dataclass(frozen=True)
class Seconds(Variable[float]):
    """A duration: a number of seconds, with a point for parts of one."""

    low: float = 0.0
    high: float = 86_400.0

    @property
    def what(self) -> str:
        return f"a number of seconds from {self.low:g} to {self.high:g}, such as 2 or 0.5"

    def parse(self, text: str) -> float:
        if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text.strip()):
            raise ValueError
        value = float(text)
        if not self.low <= value <= self.high:
            raise ValueError
        return value


@dataclass(frozen=True)
class Choice(Variable[str]):
    """One of a few words, in capitals or not."""

    words: Sequence[str] = ()

    @property
    def what(self) -> str:
        return f"one of {', '.join(self.words)}"

    def parse(self, text: str) -> str:
        for word in self.words:
            if word.lower() == text.strip().lower():
                return word
        raise ValueError


@dataclass(frozen=True)
class Word(Variable[str]):
    """A name that somebody else knows: letters, digits and hyphens."""

    what = "a word of letters, digits and hyphens"

    def parse(self, text: str) -> str:
        word = text.strip()
        if not re.fullmatch(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*", word):
            raise ValueError
        return word


@dataclass(frozen=True)
class Folder(Variable[Path]):
    """Any folder; `~` is the home folder, and a relative one lies in the project's."""

    what = "a folder"

    def parse(self, text: str) -> Path:
        return path_of(text)


@dataclass(frozen=True)
class File(Folder):
    """Any file, found like a folder."""

    what = "a file"


@dataclass(frozen=True)
class Bucket(Variable[str]):
    """The name of a bucket (Amazon's rules for names, which others follow)."""

    what = "3 to 63 lowercase letters, digits, hyphens and dots"

    def parse(self, text: str) -> str:
        name = text.strip()
        if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", name) or ".." in name:
            raise ValueError
        return name


def path_of(text: str) -> Path:
    """Return the path, absolute. Raise ValueError for a home folder that nobody has."""
    try:
        return ROOT / Path(text).expanduser()
    except RuntimeError:
        raise UnfitError("a folder, and there is no such home folder") from None


def parts_of(text: str) -> list[str]:
    """Return the parts between commas. Raise ValueError where there is none."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts:
        raise ValueError
    return parts


def _digits(text: str, low: int, high: int) -> int:
    digits = text.strip()
    if not digits or len(digits) > 18 or set(digits) - set(string.digits):
        raise ValueError
    if not low <= int(digits) <= high:
        raise ValueError
    return int(digits)
