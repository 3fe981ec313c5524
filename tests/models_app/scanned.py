"""TIFF and BMP files as scanners, programs and trouble-makers make them."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Mapping, Sequence

from PIL import Image, ImageCms

from tests.models_app import photographs as photo

Maker = Callable[[], bytes]
Tags = dict[int, tuple[str, list[int]]]


def file(tags: Tags, pixels: bytes, *, order: str = "<") -> bytes:
    """Return a TIFF: header, pixels from byte 8 on, and a directory of these tags."""
    start = 8 + len(pixels)
    at = start + 2 + 12 * len(tags) + 4
    entries = behind = b""
    for tag, (sign, numbers) in sorted(tags.items()):
        content = struct.pack(f"{order}{len(numbers)}{sign}", *numbers)
        field = content.ljust(4, b"\0")
        if len(content) > 4:
            field = struct.pack(f"{order}I", at + len(behind))
            behind += content
        kind = {"B": 1, "H": 3, "I": 4}[sign]
        entries += struct.pack(f"{order}HHI", tag, kind, len(numbers)) + field
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, start)
    count = struct.pack(f"{order}H", len(tags))
    return head + pixels + count + entries + bytes(4) + behind


def tags_of(width: int, height: int, bits: int, samples: int, photometric: int) -> Tags:
    return {
        256: ("I", [width]), 257: ("I", [height]), 258: ("H", [bits] * samples),
        259: ("H", [1]), 262: ("H", [photometric]), 277: ("H", [samples]),
    }  # fmt: skip


def tiff(
    width: int, height: int, colour: Sequence[int], photometric: int, *,
    order: str = "<", planes: bool = False, tile: int = 0,
) -> bytes:  # fmt: skip
    """Return a page of one colour in 16 bits."""
    samples = len(colour)
    wide, high = (tile, tile) if tile else (width, height)
    pieces = -(-width // wide) * -(-height // high)
    if planes:
        data = [
            struct.pack(f"{order}H", one) * (wide * high) for one in colour for _ in range(pieces)
        ]
    else:
        data = [struct.pack(f"{order}{samples}H", *colour) * (wide * high)] * pieces
    return _put_together(
        tags_of(width, height, 16, samples, photometric), data, tile, order, planes
    )


def tiff_of(image: Image.Image, *, order: str = "<", planes: bool = False, tile: int = 0) -> bytes:
    """Return a picture in eight bits, as one strip or in tiles."""
    width, height = image.size
    wide, high = (tile, tile) if tile else (width, height)
    pieces = [
        image.crop((x, y, x + wide, y + high))
        for y in range(0, height, high) for x in range(0, width, wide)
    ]  # fmt: skip
    data = [piece.tobytes() for piece in pieces]
    if planes:
        data = [piece.getchannel(at).tobytes() for at in range(3) for piece in pieces]
    return _put_together(tags_of(width, height, 8, 3, 2), data, tile, order, planes)


def _put_together(tags: Tags, data: Sequence[bytes], tile: int, order: str, planes: bool) -> bytes:
    offsets = [8 + sum(map(len, data[:at])) for at in range(len(data))]
    sizes = list(map(len, data))
    tags[284] = ("H", [2 if planes else 1])
    if tile:
        tags |= {322: ("I", [tile]), 323: ("I", [tile]), 324: ("I", offsets), 325: ("I", sizes)}
    else:
        tags |= {273: ("I", offsets), 278: tags[257], 279: ("I", sizes)}
    return file(tags, b"".join(data), order=order)


def packed_grey(width: int, height: int) -> bytes:
    """Return a grey page whose strips are one row each, all of them the same bytes."""
    row = zlib.compress(b"\x80" * width)
    tags = tags_of(width, height, 8, 1, 1) | {
        259: ("H", [8]), 273: ("I", [8] * height), 278: ("I", [1]),
        279: ("I", [len(row)] * height),
    }  # fmt: skip
    return file(tags, row + bytes(len(row) % 2))


def in_lab(image: Image.Image) -> Image.Image:
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    converted = ImageCms.profileToProfile(image, srgb, lab, outputMode="LAB")
    assert converted is not None
    return converted


def _changed(**tags: tuple[str, list[int]]) -> bytes:
    """Return a sound page of 256 × 256 with other tags, named `t` and their number."""
    pixels = bytes(3 * 256 * 256)
    sound = tags_of(256, 256, 8, 3, 2) | {
        273: ("I", [8]), 278: ("I", [256]), 279: ("I", [len(pixels)])
    }  # fmt: skip
    return file(sound | {int(name[1:]): value for name, value in tags.items()}, pixels)


def _bmp(at: int, content: bytes) -> bytes:
    data = bytearray(photo.encoded(photo.quarters(), "BMP").getvalue())
    data[at : at + len(content)] = content
    return bytes(data)


def _sides(width: int, height: int) -> dict[str, tuple[str, list[int]]]:
    return {"t256": ("I", [width]), "t257": ("I", [height])}


def _tiles(side: int) -> bytes:
    tags = {322: [side], 323: [side], 324: [8], 325: [9]}
    return _changed(**{f"t{tag}": ("I", numbers) for tag, numbers in tags.items()})


def _packed_strip(width: int, height: int) -> bytes:
    return _changed(**_sides(width, height), t278=("I", [height]), t259=("H", [5]))


def _many_tags() -> bytes:
    return b"II*\0\x08\0\0\0" + struct.pack("<H", 9000) + bytes(108_004)


# What must be refused without any decoder, and why.
REFUSED: Mapping[str, tuple[str, Maker]] = {
    "tiff-claims-65000": ("too_many_pixels", lambda: _changed(**_sides(65_000, 65_000))),
    "tiff-claims-2-32": ("too_many_pixels", lambda: _changed(**_sides(2**32 - 1, 256))),
    "tiff-no-width": ("damaged", lambda: _changed(**_sides(0, 256))),
    "tiff-strip-beyond-end": ("damaged", lambda: _changed(t279=("I", [2**31]))),
    "tiff-strip-too-short": ("damaged", lambda: _changed(t279=("I", [1000]))),
    "tiff-strips-missing": ("damaged", lambda: _changed(t278=("I", [8]))),
    "tiff-strips-100000": (
        "too_many_parts",
        lambda: _changed(**_sides(1000, 100_000), t278=("I", [1])),
    ),
    "tiff-tile-of-nothing": ("damaged", lambda: _tiles(0)),
    "tiff-tile-2-31": ("damaged", lambda: _tiles(2**31)),
    "tiff-one-packed-strip-60mp": ("too_much_memory", lambda: _packed_strip(8000, 7500)),
    "tiff-old-jpeg": ("unusual_kind", lambda: _changed(t259=("H", [6]))),
    "tiff-float": ("unusual_kind", lambda: _changed(t258=("H", [32] * 3), t339=("H", [3] * 3))),
    "tiff-12-bit": ("unusual_kind", lambda: _changed(t258=("H", [12] * 3))),
    "tiff-sensor": ("raw", lambda: _changed(t262=("H", [32803]))),
    "tiff-dng": ("raw", lambda: _changed(t50706=("B", [1, 4, 0, 0]))),
    "tiff-preview-of-a-raw": ("raw", lambda: _changed(t254=("I", [1]), t330=("I", [8]))),
    "tiff-canon-raw": ("raw", lambda: b"II*\0\x10\0\0\0CR\2\0" + bytes(100)),
    "tiff-directory-beyond-end": ("damaged", lambda: b"II*\0\xff\xff\xff\x7f" + bytes(100)),
    "tiff-tags-9000": ("too_many_parts", _many_tags),
    "bmp-claims-65000": ("too_many_pixels", lambda: _bmp(18, struct.pack("<ii", 65_000, 65_000))),
    "bmp-claims-40mp": ("damaged", lambda: _bmp(18, struct.pack("<ii", 8000, 5000))),
    "bmp-no-width": ("damaged", lambda: _bmp(18, bytes(4))),
    "bmp-below-zero": ("damaged", lambda: _bmp(18, struct.pack("<i", -640))),
    "bmp-holds-a-jpeg": ("unusual_kind", lambda: _bmp(30, b"\4")),
    "bmp-header-of-3": ("damaged", lambda: _bmp(14, b"\3\0\0\0")),
}


def one_strip(width: int, height: int) -> bytes:
    """Return a page packed in one piece, which has to be unpacked whole."""
    packed = zlib.compress(bytes(3 * width * height))
    tags = tags_of(width, height, 8, 3, 2) | {
        259: ("H", [8]), 273: ("I", [8]), 278: ("I", [height]), 279: ("I", [len(packed)]),
    }  # fmt: skip
    return file(tags, packed + bytes(len(packed) % 2))


# What takes the most memory and time of all that is taken.
LARGE: Mapping[str, Maker] = {
    "tiff-200mp-rows": lambda: packed_grey(16_000, 12_500),
    "tiff-24mp-one-strip": lambda: one_strip(6000, 4000),
    "tiff-25mp-tiles": lambda: tiff_of(Image.new("RGB", (5000, 5000), "teal"), tile=256),
    "bmp-24mp": lambda: photo.encoded(Image.new("RGB", (6000, 4000), "teal"), "BMP").getvalue(),
    "bmp-60mp-palette": lambda: photo.encoded(Image.new("P", (9000, 6700)), "BMP").getvalue(),
    "bmp-200mp-bits": lambda: photo.encoded(Image.new("1", (16_000, 12_500)), "BMP").getvalue(),
}
