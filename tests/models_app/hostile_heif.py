"""HEIC files made to hurt whoever opens them."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping

from PIL import Image

from tests.models_app import heif_files as heif, photographs as photo

Maker = Callable[[], bytes]


def changed(kind: bytes, at: int, content: bytes) -> bytes:
    """Return a sound photo with part of a box's content overwritten."""
    data = sound()
    place = data.index(kind) + 4 + at
    return data[:place] + content + data[place + len(content) :]


def claiming(width: int, height: int) -> bytes:
    return changed(b"ispe", 4, struct.pack(">II", width, height))


def sound() -> bytes:
    return heif.file([tile()])


def tile() -> heif.Part:
    return heif.coded(photo.quarters(256, 256))


def small_grid(width: int = 512, height: int = 512, missing: int = 0) -> bytes:
    parts = heif.grid([tile()] * 4, 2, width, height)
    return heif.file(parts[: 5 - missing])


def grid_of_itself() -> bytes:
    shape = struct.pack(">BBBBII", 0, 1, 0, 0, 256, 256)
    return heif.file([heif.Part(b"grid", shape, [heif.sides(256, 256)], [(b"dimg", [1])])])


def many_items() -> bytes:
    return heif.file([tile(), *[heif.Part(b"mime", b"")] * 9000])


def many_references() -> bytes:
    part = tile()
    part.refers.append((b"cdsc", [1] * 20_000))
    return heif.file([part])


def many_properties() -> bytes:
    notes = [heif.Part(b"mime", b"x", [heif.sides(1, 1)] * 250) for _ in range(50)]
    return heif.file([tile(), *notes])


# What must be refused without any decoder, and why.
REFUSED: Mapping[str, tuple[str, Maker]] = {
    "heic-claims-65000": ("too_many_pixels", lambda: claiming(65_000, 65_000)),
    "heic-claims-2-32": ("too_many_pixels", lambda: claiming(2**32 - 1, 2**32 - 1)),
    "heic-whole-48mp": ("too_much_memory", lambda: claiming(8064, 6048)),
    "heic-no-width": ("damaged", lambda: claiming(0, 256)),
    "heic-no-meta": ("damaged", lambda: sound()[:28]),
    "heic-no-such-primary": ("damaged", lambda: changed(b"pitm", 4, b"\0\7")),
    "heic-pixels-beyond-end": ("damaged", lambda: sound()[:-10]),
    "heic-grid-too-wide": ("damaged", lambda: small_grid(width=600)),
    "heic-grid-needless-tiles": ("damaged", lambda: small_grid(height=256)),
    "heic-grid-missing-tiles": ("damaged", lambda: small_grid(missing=2)),
    "heic-grid-of-itself": ("damaged", grid_of_itself),
    "heic-items-9000": ("too_many_parts", many_items),
    "heic-references-20000": ("too_many_parts", many_references),
    "heic-properties-12500": ("too_many_parts", many_properties),
    "heic-other-coding": ("unusual_kind", lambda: sound().replace(b"hvc1", b"unci")),
    "heic-overlay": ("unusual_kind", lambda: sound().replace(b"hvc1", b"iovl")),
}


def plain(width: int, height: int, name: str = "HEIF", mode: str = "RGB", **options: int) -> bytes:
    """Return a photo coded whole, of one colour: quick to make, and as large to decode as any."""
    colour = (0, 128, 128, 200)[: len(mode)]
    return photo.encoded(Image.new(mode, (width, height), colour), name, **options).getvalue()


# What takes the most memory and time of all that is taken.
LARGE: Mapping[str, Maker] = {
    "heic-200mp-tiles": lambda: heif.large(16_320, 12_240, quality=40),
    "heic-48mp-tiles": lambda: heif.large(8064, 6048, quality=80),
    "heic-24mp-whole": lambda: plain(6000, 4000, quality=40),
    "heic-12mp-whole-alpha": lambda: plain(4032, 3024, mode="RGBA", quality=40),
    "avif-24mp-whole": lambda: plain(6000, 4000, "AVIF", speed=10),
}
