"""Files that announce or become far more than they are."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from PIL import Image

from tests.hostile.case import STORED, Case, case
from tests.models_app import (
    heif_files as heif,
    hostile,
    hostile_heif,
    photographs as photo,
    scanned,
)

_FAR = (2**64 - 1).to_bytes(8, "big")
_MEBIBYTE = 1024 * 1024


def bombs() -> Iterator[Case]:
    """Yield what is known from the tests of each format, and what only an intake has to bear."""
    for known in (hostile.REFUSED, hostile_heif.REFUSED, scanned.REFUSED):
        for name, (code, make) in known.items():
            yield case(f"bomb {_format(name)}", name, make, code, slow="20mb" in name)
    for name, make in hostile.HARMLESS.items():
        yield case(f"harmless {_format(name)}", name, make, STORED)
    for name, make in hostile.LONG.items():
        yield case(f"long {_format(name)}", name, make, slow=True)
    yield from _png_and_webp()
    yield from _gif()
    yield from _heif()
    yield from _tiff_and_bmp()


def _format(name: str) -> str:
    return name.partition("-")[0].upper().replace("APNG", "PNG").replace("AVIF", "HEIC")


def _png_and_webp() -> Iterator[Case]:
    yield case("bomb PNG", "png-inflates-64mb", _inflating_png, STORED, "damaged", slow=True)
    yield case(
        "bomb PNG", "png-of-2-31", lambda: photo.png_claiming(2**31 - 1, 1), "too_many_pixels"
    )
    yield case(
        "bomb PNG",
        "png-chunk-of-4gb",
        lambda: hostile.black_png(300, 300).replace(b"\0\0\0\0IEND", b"\xff\xff\xff\xfftEXt"),
        "damaged",
    )
    yield case("bomb WEBP", "webp-frames-13000", _webp_frames, "too_many_parts")
    yield case("bomb WEBP", "webp-of-4gb", lambda: b"RIFF\xff\xff\xff\xffWEBPVP8L", "damaged")


def _inflating_png() -> bytes:
    """Return a small picture whose pixels go on and on."""
    return hostile.png(300, 300, (b"IDAT", zlib.compress(bytes(64 * _MEBIBYTE), 9)))


def _webp_frames() -> bytes:
    return hostile.webp_canvas(300, 300, hostile.webp_chunk(b"ANMF", bytes(24)) * 13_000)


def _gif() -> Iterator[Case]:
    head = b"GIF89a" + struct.pack("<HHBBB", 65_535, 65_535, 0x80, 0, 0) + bytes(6)
    frame = b"," + struct.pack("<HHHHB", 0, 0, 65_535, 65_535, 0) + b"\2\2\x4c\1\0"
    yield case("bomb GIF", "gif-of-65535", lambda: head + frame + b";", "gif")
    yield case("bomb GIF", "gif-frames-100000", lambda: head + frame * 100_000 + b";", "gif")


def _heif() -> Iterator[Case]:
    tile = hostile_heif.tile
    yield case("bomb HEIC", "heic-tiles-4096", _thousands_of_tiles, "too_many_parts")
    yield case("bomb HEIC", "heic-grid-far-away", _grid_far_away, "damaged")
    yield case("bomb HEIC", "heic-box-of-2-64", _endless_box, "damaged")
    yield case("bomb HEIC", "heic-empty-iinf", lambda: _emptied(b"iinf"), "damaged")
    yield case("bomb HEIC", "heic-empty-iref", lambda: _emptied(b"iref"), "damaged")
    yield case("bomb HEIC", "heic-empty-pitm", lambda: _emptied(b"pitm"), "damaged")
    yield case("bomb HEIC", "heic-grid-of-grids", _grid_of_grids, "damaged")
    yield case(
        "bomb HEIC", "heic-primary-missing", lambda: heif.file([tile()], primary=60_000), "damaged"
    )
    yield case(
        "bomb HEIC",
        "avif-claims-65000",
        _claiming_avif,
        "too_many_pixels",
    )
    for name, targets in (("itself", [1]), ("nobody", [65_535]), ("everybody", [1, 2, 3, 0])):
        for kind in (b"auxl", b"dimg", b"cdsc", b"thmb"):
            yield case(
                "bomb HEIC",
                f"avif-{kind.decode()}-to-{name}",
                lambda kind=kind, targets=targets: _referring(kind, targets),
                STORED, "damaged",
            )  # fmt: skip
    yield case("bomb HEIC", "avif-transparency-of-itself", _own_transparency, STORED, "damaged")


def _claiming_avif() -> bytes:
    data = heif.file([_avif_tile()], brand=b"avif")
    at = data.index(b"ispe") + 8
    return data[:at] + struct.pack(">II", 65_000, 65_000) + data[at + 8 :]


def _avif_tile() -> heif.Part:
    return heif.coded(photo.quarters(256, 256), name="AVIF", speed=10)


def _referring(kind: bytes, targets: list[int]) -> bytes:
    part = _avif_tile()
    part.refers.append((kind, targets))
    return heif.file([part, heif.Part(b"mime", b"x"), heif.Part(b"Exif", b"x")], brand=b"avif")


def _own_transparency() -> bytes:
    part = _avif_tile()
    part.properties.append((b"auxC", bytes(4) + b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0"))
    part.refers.append((b"auxl", [1]))
    return heif.file([part], brand=b"avif")


def _thousands_of_tiles() -> bytes:
    """Return a grid that names one tile 4,096 times."""
    parts = heif.grid([hostile_heif.tile()] * 4096, 64, 16_384, 12_000)
    parts[0].refers[:] = [(b"dimg", [2] * 4096)]
    return heif.file(parts[:2])


def _grid_of_grids() -> bytes:
    shape = struct.pack(">BBBBII", 0, 1, 0, 0, 256, 256)
    grids = [
        heif.Part(b"grid", shape, [heif.sides(256, 256)], [(b"dimg", [at + 2])]) for at in range(50)
    ]
    return heif.file([*grids, hostile_heif.tile()])


def _grid_far_away() -> bytes:
    """Return a grid whose description is at the last byte that 64 bits can name."""
    data = hostile_heif.small_grid()
    at = data.index(b"iloc")
    size = int.from_bytes(data[at - 4 : at], "big")
    place = struct.pack(">IHHHHH", 0, 0x8400, 1, 1, 0, 1) + _FAR + struct.pack(">I", 12)
    return data[: at + 4] + place.ljust(size - 8, b"\0") + data[at - 4 + size :]


def _endless_box() -> bytes:
    head = heif.box(b"ftyp", b"heic" + bytes(4) + b"mif1heic")
    return head + b"\0\0\0\1free" + _FAR + hostile_heif.sound()[len(head) :]


def _emptied(kind: bytes) -> bytes:
    """Return a photo of which one box comes once more, empty, as the last one of `meta`."""
    data = hostile_heif.sound()
    at = data.index(b"meta")
    end = at - 4 + int.from_bytes(data[at - 4 : at], "big")
    size = struct.pack(">I", end - at + 4 + 8)
    return data[: at - 4] + size + data[at:end] + heif.box(kind, b"") + data[end:]


def _tiff_and_bmp() -> Iterator[Case]:
    yield case("bomb TIFF", "tiff-next-page-is-itself", _looping_tiff, STORED)
    yield case("bomb TIFF", "tiff-directory-is-header", lambda: b"II*\0" + bytes(300), "damaged")
    yield case("bomb TIFF", "tiff-strip-inflates-64mb", _inflating_strip, STORED, "damaged",
               slow=True)  # fmt: skip
    yield case("bomb TIFF", "tiff-tiles-of-a-pixel", _tiles_of_a_pixel, slow=True)
    yield case("bomb BMP", "bmp-packed-200mp", lambda: _packed_bmp(16_000, 12_500),
               "too_much_memory")  # fmt: skip
    yield case("bomb BMP", "bmp-packed-25mp", lambda: _packed_bmp(5000, 5000), slow=True)


def _looping_tiff() -> bytes:
    data = bytearray(scanned.tiff_of(photo.quarters(300, 300)))
    start = int.from_bytes(data[4:8], "little")
    end = start + 2 + 12 * int.from_bytes(data[start : start + 2], "little")
    data[end : end + 4] = data[4:8]
    return bytes(data)


def _inflating_strip() -> bytes:
    packed = zlib.compress(bytes(64 * _MEBIBYTE), 9)
    tags = scanned.tags_of(300, 300, 8, 3, 2) | {
        259: ("H", [8]), 273: ("I", [8]), 278: ("I", [300]), 279: ("I", [len(packed)]),
    }  # fmt: skip
    return scanned.file(tags, packed + bytes(len(packed) % 2))


def _tiles_of_a_pixel() -> bytes:
    return scanned.tiff_of(Image.new("RGB", (256, 256), "teal"), tile=1)


def _packed_bmp(width: int, height: int) -> bytes:
    """Return a picture in runs that end before they began."""
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, 2, 0, 0, 256, 0)
    return b"BM" + struct.pack("<IHHI", 1080, 0, 0, 1078) + info + bytes(1024) + b"\0\1"
