"""Reads `.env`: one `NAME=value` a line.

Nothing in a value means anything: no `$`, no backslash. Quotes around all of it are taken off;
without quotes, a ` #` begins a comment. What can be read in two ways is refused, with its line.
(Readers at hand expand `$NAME`, decode backslashes or let a quote run over lines.)
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from environment.errors import SettingError

_LINE = re.compile(r"\s*(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*=(?P<rest>.*)")
_QUOTED = re.compile(r"""(?P<quote>["'])(?P<value>(?:(?!(?P=quote)).)*)(?P=quote)\s*(?:\s#.*)?""")
_UTF_16_AND_32 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)


@dataclass(frozen=True, slots=True)
class Line:
    """One variable as the file sets it."""

    name: str
    value: str
    number: int


def read(path: Path) -> dict[str, Line]:
    """Return the file's variables by name; {} where there is no file. Raise SettingError."""
    found: dict[str, Line] = {}
    for number, text in enumerate(re.split(r"\r\n|\n|\r", _text(path)), 1):
        if not text.strip() or text.lstrip().startswith("#"):
            continue
        line = _parse(text, number)
        if line.name in found:
            raise SettingError(
                f"{line.name} is set twice in .env, in lines {found[line.name].number} and "
                f"{number}: delete one of them."
            )
        found[line.name] = line
    return found


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        if path.is_symlink():  # the settings are meant to be elsewhere, and are not
            raise SettingError("The file .env is a link to a file that does not exist.") from None
        return ""
    except OSError as error:
        raise SettingError(f"The file .env cannot be read: {error.strerror}.") from None
    if content.startswith(_UTF_16_AND_32) or b"\0" in content:
        raise SettingError("The file .env is not UTF-8 but UTF-16 or binary: save it as UTF-8.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = content.count(b"\n", 0, error.start) + 1
        raise SettingError(
            f"Line {number} of .env holds what is not UTF-8: save the file as UTF-8."
        ) from None


def _parse(text: str, number: int) -> Line:
    line = _LINE.fullmatch(text)
    if not line:
        raise SettingError(f"Line {number} of .env is not of the form NAME=value.")
    name, rest = line["name"], line["rest"]
    value = rest.strip()
    if value.startswith(("'", '"')):
        return Line(name, _unquoted(name, value, number), number)
    if value.startswith("#") and rest[:1].isspace():
        value = ""
    return Line(name, re.sub(r"\s#.*", "", value).rstrip(), number)


def _unquoted(name: str, text: str, number: int) -> str:
    quoted = _QUOTED.fullmatch(text)
    if not quoted:
        raise SettingError(
            f"{name} in line {number} of .env begins with a quote, which must end the value too "
            "and not occur within it; there are single and double ones."
        )
    return quoted["value"]
