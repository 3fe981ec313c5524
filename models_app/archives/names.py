"""What the members of an archive are called, in any encoding: for showing, never for opening."""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Sequence

from models_app.archives.records import Record, extra_fields
from models_app.legacy_text import NAMES, guessed_encoding
from models_app.texts import single_line

_IS_UTF8 = 1 << 11  # flag 11, “language encoding” (APPNOTE.TXT, D.1)
_UNICODE_PATH = 0x7075  # Info-ZIP's field with the name in UTF-8 (4.6.9)
_DRIVE = re.compile("[A-Za-z]:")


def read_names(records: Sequence[Record]) -> list[str]:
    """Return the path of every member with `/` between folders, as far as it can be read.

    Programs often write UTF-8 without saying so. Names that are not are guessed together: one
    program wrote them all, and many letters tell more than few.
    """
    plain = [_in_unicode(record) for record in records]
    unclear = [record.name for record, name in zip(records, plain, strict=True) if name is None]
    encoding = guessed_encoding(unclear, NAMES) if unclear else ""
    return [
        _tidy(record.name.decode(encoding, "replace") if name is None else name)
        for record, name in zip(records, plain, strict=True)
    ]


def leads_out(path: str) -> bool:
    """Whether a path is absolute or climbs: no honest program writes such a one."""
    return path.startswith("/") or bool(_DRIVE.match(path)) or ".." in path.split("/")


def _in_unicode(record: Record) -> str | None:
    """Return the name where it is said to be UTF-8, or is; None for any other encoding."""
    for kind, content in extra_fields(record.extra):
        # It holds for the name that it was made from, so that programs without it may rename.
        if kind == _UNICODE_PATH and content[1:5] == zlib.crc32(record.name).to_bytes(4, "little"):
            return content[5:].decode(errors="replace")
    try:
        return record.name.decode()
    except UnicodeDecodeError:
        return record.name.decode(errors="replace") if record.flags & _IS_UTF8 else None


def _tidy(name: str) -> str:
    """Return a name in composed letters (macOS writes others) and without control characters."""
    path = unicodedata.normalize("NFC", name).replace("\\", "/")
    parts = [single_line(part) for part in path.split("/")]
    kept = [
        part for at, part in enumerate(parts) if part not in {"", "."} or (at == 0 and not part)
    ]
    return "/".join(kept)
