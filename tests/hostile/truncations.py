"""Valid files cut where a reader may not expect it: in each part, and at each border."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from tests.hostile.case import STORED, Case, case
from tests.models_app import hostile_heif, photographs as photo, scanned
from tests.models_app.zips import archive

# Where only the mark of the end, or a part of it, is missing, all pixels may be there.
_END_MARK = 16


@cache
def whole(name: str) -> bytes:
    """Return a valid file that has most of what its format may have."""
    picture = photo.quarters(300, 300)
    if name == "grid":
        return hostile_heif.small_grid()
    if name == "tiled TIFF":
        return scanned.tiff_of(picture, tile=64)
    if name == "ZIP":
        return archive(("a.jpg", whole("JPEG")), ("a.txt", b"a mug"), packed=True)
    options: dict[str, object] = {}
    if name in {"JPEG", "progressive"}:
        options = {"exif": photo.exif(6), "icc_profile": _profile()}
        options["progressive"] = name == "progressive"
    if name in {"PNG", "WEBP"}:
        options = {"exif": photo.exif(6), "icc_profile": _profile()}
    return photo.encoded(picture, "JPEG" if name == "progressive" else name, **options).getvalue()


def _profile() -> bytes:
    """Return sRGB's without the moment it was made at, so that every process has the same files."""
    profile = photo.srgb_profile()
    return profile[:24] + bytes(12) + profile[36:]


FORMATS = (
    "JPEG", "progressive", "PNG", "WEBP", "HEIF", "grid", "AVIF", "TIFF", "tiled TIFF", "BMP",
)  # fmt: skip


def truncations() -> Iterator[Case]:
    """Yield every cut of every format. Most are found without opening them."""
    for name in FORMATS:
        for length in lengths(name):
            yield _cut(name, length)
    gif = photo.encoded(photo.quarters(300, 300), "GIF").getvalue()
    for length in (1, 3, 4, 6, 13, len(gif) // 2, len(gif) - 1):
        code = "gif" if length >= 4 else "not_a_photo"
        yield case("cut GIF", f"GIF-{length}", lambda length=length: gif[:length], code)
    for length in range(1, len(whole("ZIP")), 61):
        codes = ("archive_damaged",) if length >= 4 else ("not_a_photo",)
        yield case("cut ZIP", f"ZIP-{length}", lambda length=length: whole("ZIP")[:length], *codes)


def lengths(name: str) -> list[int]:
    """Return where a file is cut: signature, around each border, pixels, at the end."""
    data = whole(name)
    size = len(data)
    borders = list(_borders(name, data))
    near = [border + shift for border in borders for shift in (-1, 0, 1, 3, 5)]
    inside = [1, 2, 3, 4, 7, 9, 12, size // 3, size // 2, size * 9 // 10, size - 12, size - 1]
    return sorted({length for length in near + inside if 0 < length < size})


def _cut(name: str, length: int) -> Case:
    data = whole(name)
    codes = ["damaged"] + [STORED] * (length >= len(data) - _END_MARK)
    return case(f"cut {name}", f"{name}-{length}", lambda: data[:length], *codes)


def _borders(name: str, data: bytes) -> Iterator[int]:
    """Yield where the parts of a file begin."""
    if name in {"JPEG", "progressive"}:
        yield from _segments(data)
    elif name == "PNG":
        yield from _chunks(data, 8, "big", 12)
    elif name == "WEBP":
        yield from _chunks(data, 12, "little", 8)
    elif name in {"HEIF", "grid", "AVIF"}:
        yield from _boxes(data, 0, len(data))
    elif name in {"TIFF", "tiled TIFF"}:
        start = int.from_bytes(data[4:8], "little")
        yield from (8, start, start + 2, start + 14, start + 26)
    else:
        yield from (14, 18, 22, 26, 30, 34, 54)


def _segments(data: bytes) -> Iterator[int]:
    at = 2
    while data[at] == 0xFF and data[at + 1] != 0xDA:
        yield at
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    yield at


def _chunks(data: bytes, at: int, order: str, around: int) -> Iterator[int]:
    while at + 8 <= len(data):
        yield at
        length = int.from_bytes(
            data[at : at + 4] if order == "big" else data[at + 4 : at + 8], order
        )
        at += length + around + (length % 2 if order == "little" else 0)


def _boxes(data: bytes, at: int, end: int) -> Iterator[int]:
    while at + 8 <= end:
        yield at
        length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if kind in {b"meta", b"iprp", b"ipco"}:
            yield from _boxes(data, at + (12 if kind == b"meta" else 8), at + length)
        at += max(length, 8)
