"""ZIPs that mean harm, each with a good photo in it where that is possible, and names."""

from __future__ import annotations

import stat
import struct
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from tests.factories import jpeg
from tests.hostile.case import PAYLOAD, STORED, Case, case
from tests.hostile.quine import quine
from tests.models_app.zips import Raw, archive, by_hand, deflated

_MEBIBYTE = 1024 * 1024
_HEAD = b"\xff\xd8\xff"
# What no name may do: leave its folder, reach the terminal, turn the line, or fill the page.
NAMES = (
    "../../etc/passwd.jpg", "..\\..\\windows\\win.jpg", "/etc/shadow.jpg", "C:\\boot.jpg",
    "a\x00.jpg", "a\nb\r.jpg", "a\x1b]0;owned\x07.jpg", "\u202egpj.exe", "\u200f\u200e.jpg",
    "x" * 4000 + ".jpg", "x/" * 2000 + "a.jpg", "\ud800.jpg", "CON.jpg", ".jpg", "..", "",
    "<img src=x onerror=alert(1)>.jpg", "{{ 7*7 }}%(a)s{0}.jpg", "a" + "\u0301" * 500 + ".jpg",
)  # fmt: skip


@cache
def _photo() -> bytes:
    return jpeg(256, 256, quality=30)


def _with_good(*members: Raw, **options: int | bytes) -> bytes:
    return by_hand(Raw(b"good.jpg", _photo()), *members, **options)


def archives() -> Iterator[Case]:
    """Yield archives, then files under odd names."""
    yield from _large()
    yield from _lying()
    yield from _within()
    yield from _names()


def _large() -> Iterator[Case]:
    kind = "ZIP bomb"
    yield case(kind, "zip-of-a-bomb", _bomb, STORED, "", slow=True)
    yield case(kind, "zip-tiny-1000", lambda: _tiny(1000), "not_a_photo")
    yield case(kind, "zip-tiny-2001", lambda: _tiny(2001), "archive_too_many")
    yield case(kind, "zip-tiny-70000", lambda: _tiny(70_000), "archive_too_many", slow=True)
    yield case(kind, "zip-overlapping-2000", _overlapping, "")
    yield case(kind, "zip-holding-itself", _holding_itself, "")
    yield case(kind, "zip-quine", quine, "nested")
    yield case(kind, "zip-of-zips", _nested, STORED, "nested")
    yield case(kind, "zip-of-zips-of-zips", lambda: _nested_deep(8), "nested")
    for name, size in (("2gb", 2**31), ("4gb", 2**32 - 2)):
        said = Raw(b"a.jpg", _HEAD, size=size, packed_size=size)
        yield case(kind, f"zip-says-{name}", lambda said=said: _with_good(said), STORED, "")
        packed = Raw(b"a.jpg", _HEAD, size=size, packed=deflated(_HEAD), method=8)
        yield case(kind, f"zip-packed-{name}", lambda it=packed: _with_good(it), STORED, "")
    wide = struct.pack("<HHQQ", 1, 16, 2**63, 2**63)
    far = Raw(b"a.jpg", _HEAD, size=2**32 - 1, packed_size=2**32 - 1, extra=wide)
    yield case(kind, "zip-says-2-63", lambda: _with_good(far), STORED, "")


def _bomb() -> bytes:
    bomb = _HEAD + bytes(100 * _MEBIBYTE)
    return _with_good(Raw(b"bomb.jpg", bomb, packed=deflated(bomb), method=8))


def _tiny(count: int) -> bytes:
    return archive(*((f"{at}.jpg", b"%d" % at) for at in range(count)))


def _overlapping() -> bytes:
    """One photo under two thousand names (bamsoftware.com/hacks/zipbomb)."""
    first = Raw(b"a.jpg", _photo())
    again = replace(first, packed=b"", packed_size=len(_photo()), offset=0)
    return by_hand(first, *[again] * 1999)


def _holding_itself() -> bytes:
    """A member whose bytes are the whole archive, itself and its table included."""
    size = len(by_hand(Raw(b"a.jpg")))
    return by_hand(Raw(b"a.jpg", size=size, packed_size=size))


def _nested() -> bytes:
    return archive(("good.jpg", _photo()), ("more.jpg", archive(("a.jpg", _photo()))))


def _nested_deep(depth: int) -> bytes:
    data = _photo()
    for _ in range(depth):
        data = archive(*((f"{at}.jpg", data) for at in range(2)), packed=True)
    return data


def _lying() -> Iterator[Case]:
    """What is said twice and not alike, in the table and before the member."""
    photo = _photo()
    bad: dict[str, Raw] = {
        "other-name": Raw(b"bad.jpg", photo, local_name=b"../bad.jpg"),
        "other-size": Raw(b"bad.jpg", photo, local_size=1),
        "offset-inside": Raw(b"bad.jpg", photo, offset=3),
        "offset-far": Raw(b"bad.jpg", photo, offset=2**32 - 2),
        "offset-2-63": Raw(
            b"bad.jpg", photo, offset=2**32 - 1, extra=struct.pack("<HHQ", 1, 8, 2**63)
        ),
        "wrong-sum": Raw(b"bad.jpg", photo, crc=1),
        "cut-stream": Raw(b"bad.jpg", photo, packed=deflated(photo)[:-9], method=8),
        "more-than-said": Raw(b"bad.jpg", photo, packed=deflated(photo + bytes(9999)), method=8),
        "never-ending-blocks": Raw(
            b"bad.jpg", photo, packed=b"\0\0\0\xff\xff" * 900 + deflated(photo), method=8
        ),
        "extra-field-cut": Raw(b"bad.jpg", photo, extra=b"\1\0\xff\xff\0"),
        "folder-with-bytes": Raw(b"bad/", photo),
    }
    for name, raw in bad.items():
        yield case("ZIP lie", f"zip-{name}", lambda raw=raw: _with_good(raw))
    yield case("ZIP lie", "zip-count", lambda: _with_good(count=7), "archive_damaged")
    yield case("ZIP lie", "zip-last-of-64-bits", _far_table, "archive_damaged")
    yield case(
        "ZIP lie", "zip-comment-holds-another", lambda: _with_good(comment=archive(("a", b"x")))
    )


def _far_table() -> bytes:
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, 2**64 - 1, 1)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 65_535, 65_535, 2**32 - 1, 2**32 - 1, 0)
    return b"PK\x03\x04" + locator + end


def _within() -> Iterator[Case]:
    photo = _photo()
    bad: dict[str, Raw] = {
        "link": Raw(b"bad.jpg", b"/etc/passwd", mode=stat.S_IFLNK | 0o777),
        "link-out": Raw(b"bad.jpg", b"../../../db.sqlite3", mode=stat.S_IFLNK | 0o777),
        "pipe": Raw(b"bad.jpg", b"", mode=stat.S_IFIFO | 0o644),
        "device": Raw(b"bad.jpg", b"", mode=stat.S_IFBLK | 0o644),
        "password": Raw(b"bad.jpg", photo, flags=1),
        "password-aes": Raw(b"bad.jpg", photo, method=99),
        "masked-headers": Raw(b"bad.jpg", photo, flags=1 << 13),
        "lzma": Raw(b"bad.jpg", photo, method=14),
        "nothing": Raw(b"bad.jpg", b""),
        "svg": Raw(b"bad.jpg", b"<svg onload='" + PAYLOAD + b"'/>"),
        "endless-caption": Raw(b"good.txt", b"x" * _MEBIBYTE),
        "caption-of-zeros": Raw(b"good.txt", bytes(100)),
        "caption-in-half-a-character": Raw(b"good.txt", b"\xff\xfe\x00\xd8"),
    }
    for name, raw in bad.items():
        yield case("ZIP member", f"zip-{name}", lambda raw=raw: _with_good(raw))


def _names() -> Iterator[Case]:
    for at, name in enumerate(NAMES):
        yield Case("name", f"name-{at}", _photo, frozenset({STORED}), name, is_slow=at % 6 > 0)
    # In an archive there is no name that cannot be written: halves of characters are replaced.
    written = [name.encode("utf-8", "surrogatepass") for name in NAMES]
    yield case(
        "name",
        "names-in-a-zip",
        lambda: _with_good(*(Raw(name, b"%d" % at) for at, name in enumerate(written))),
    )
