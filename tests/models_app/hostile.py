"""Files made to hurt whoever opens them, rendered on the spot; for tests and `make bench-ingest`.

Each maker returns one file. `SMALL` are quick to make; `LARGE` take seconds and up to 50 MB.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Mapping

from PIL import Image

from models_app.limits import LIMITS
from tests.models_app import photographs as photo

Maker = Callable[[], bytes]


def png(
    width: int, height: int, *parts: tuple[bytes, bytes], depth: int = 8, colour: int = 2
) -> bytes:
    """Return a PNG of these chunks between its header and its end."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    chunks = [(b"IHDR", header), *parts, (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(photo.png_chunk(kind, data) for kind, data in chunks)


def black_png(width: int, height: int, *, depth: int = 8, colour: int = 2) -> bytes:
    """Return a PNG that unpacks a thousandfold."""
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    packer = zlib.compressobj(9)
    row = bytes(1 + (width * channels * depth + 7) // 8)
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    palette = [(b"PLTE", bytes(768)), (b"tRNS", bytes(range(256)))] if colour == 3 else []
    return png(width, height, *palette, (b"IDAT", packed), depth=depth, colour=colour)


def interlaced_png(width: int, height: int) -> bytes:
    """Return a black PNG in Adam7's seven passes."""
    # Its rows are shorter and twice as many, each with a byte more; what is left over is ignored.
    data = bytearray(black_png(width, 2 * height))
    data[20:24] = struct.pack(">I", height)
    data[8 + 8 + 12] = 1
    data[8 + 8 + 13 : 8 + 8 + 17] = struct.pack(">I", zlib.crc32(bytes(data[12 : 8 + 8 + 13])))
    return bytes(data)


def jpeg(**options: object) -> bytes:
    return photo.encoded(photo.quarters(), **options).getvalue()


def jpeg_of(segments: int, marker: int, content: bytes) -> bytes:
    """Return a JPEG with this many equal segments before its picture."""
    plain = jpeg()
    return plain[:2] + photo.jpeg_segment(marker, content) * segments + plain[2:]


def with_frame(marker: int, precision: int = 8) -> bytes:
    """Return a JPEG whose frame header claims another kind of coding."""
    data = bytearray(jpeg())
    frame = data.index(b"\xff\xc0")
    data[frame + 1], data[frame + 4] = marker, precision
    return bytes(data)


def progressive(width: int, height: int, **options: object) -> bytes:
    image = Image.new("RGB", (width, height), "teal")
    return photo.encoded(image, progressive=True, **options).getvalue()


def repeated_scans(width: int, height: int, scans: int) -> bytes:
    """Return a large progressive JPEG whose last scan comes again and again."""
    data = progressive(width, height)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * scans + b"\xff\xd9"


def apng(frames: int) -> bytes:
    """Return an animation of many small frames."""
    plain = photo.encoded(photo.quarters(), "PNG").getvalue()
    control = photo.png_chunk(b"acTL", struct.pack(">II", frames, 0))
    shape = struct.pack(">IIIIIHHBB", 0, 300, 300, 0, 0, 1, 1, 2, 1)
    frame = photo.png_chunk(b"fcTL", shape) + photo.png_chunk(b"fdAT", bytes(16))
    return plain[:33] + control + plain[33:-12] + frame * frames + plain[-12:]


def webp_chunk(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def webp(*chunks: bytes) -> bytes:
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def webp_canvas(width: int, height: int, *chunks: bytes, flags: int = 0) -> bytes:
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return webp(webp_chunk(b"VP8X", bytes([flags, 0, 0, 0]) + sides), *chunks)


def webp_pixels(width: int = 300, height: int = 300) -> bytes:
    """Return the chunk that holds the picture of a lossless WebP."""
    image = Image.new("RGB", (width, height), "teal")
    return photo.encoded(image, "WEBP", lossless=True).getvalue()[12:]


def endless_profile() -> bytes:
    """Return a colour profile whose table promises gigabytes (ICC.1:2022, 10.12)."""
    profile = bytearray(photo.srgb_profile())
    for at in range(132, 132 + 12 * int.from_bytes(profile[128:132], "big"), 12):
        profile[at + 8 : at + 12] = b"\x7f\xff\xff\xff"
    return bytes(profile)


def nested_exif(depth: int = 3000) -> bytes:
    """Return EXIF whose directories point to each other without end."""
    head = b"Exif\0\0MM\0*\0\0\0\x08"
    entry = b"\0\x01" + struct.pack(">HHII", 0x8769, 4, 1, 8) + struct.pack(">I", 8)
    return (head + entry * depth)[:65_000]


def noise(width: int, height: int, mode: str = "RGB") -> Image.Image:
    fine = Image.effect_noise((width, height), 90)
    return fine if mode == "L" else Image.merge(mode, [fine] * len(mode))


def two_frames() -> bytes:
    """Return a JPEG with a second, larger frame header before its scan."""
    data = progressive(640, 480)
    frame = data.index(b"\xff\xc2")
    header = data[frame : frame + 19]
    return data[: frame + 19] + header + data[frame + 19 :]


def claiming_progressive(width: int, height: int) -> bytes:
    data = bytearray(progressive(640, 480))
    frame = data.index(b"\xff\xc2")
    data[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
    scan = data.index(b"\xff\xda")
    return bytes(data[: scan + 200]) + b"\xff\xd9"


def png_chunks(count: int, kind: bytes, content: bytes) -> bytes:
    plain = photo.encoded(photo.quarters(), "PNG").getvalue()
    return plain[:33] + photo.png_chunk(kind, content) * count + plain[33:]


def text_bomb(megabytes: float) -> bytes:
    return b"Comment\0\0" + zlib.compress(bytes(int(megabytes * 10**6)), 9)


# What must be refused, and why.
REFUSED: Mapping[str, tuple[str, Maker]] = {
    "jpeg-scans-5000": ("too_many_scans", lambda: photo.scan_bomb(5000)),
    "jpeg-scans-150-of-24mp": ("too_many_scans", lambda: repeated_scans(6000, 4000, 150)),
    "jpeg-segments-5000": ("too_many_parts", lambda: jpeg_of(5000, 0xFE, b"x")),
    "jpeg-markers-100000": ("too_many_parts", lambda: jpeg()[:2] + b"\xff\x01" * 100_000),
    "jpeg-notes-20mb": ("too_much_metadata", lambda: jpeg_of(320, 0xE1, bytes(65_000))),
    "jpeg-lossless": ("unusual_kind", lambda: with_frame(0xC3)),
    "jpeg-arithmetic": ("unusual_kind", lambda: with_frame(0xC9)),
    "jpeg-12-bit": ("unusual_kind", lambda: with_frame(0xC1, precision=12)),
    "jpeg-two-frames": ("damaged", lambda: two_frames()),
    "jpeg-no-scan": ("damaged", lambda: jpeg()[: jpeg().index(b"\xff\xda")]),
    "jpeg-65500": ("too_many_pixels", lambda: photo.jpeg_claiming(65_500, 65_500)),
    "jpeg-zero-height": ("damaged", lambda: photo.jpeg_claiming(640, 0)),
    "jpeg-progressive-100mp": ("too_much_memory", lambda: claiming_progressive(10_000, 10_000)),
    "png-claims-50mp": ("damaged", lambda: photo.png_claiming(7000, 7000)),
    "png-chunks-5000": ("too_many_parts", lambda: png_chunks(5000, b"prVt", b"x")),
    "png-pieces-30000": ("too_many_parts", lambda: png_chunks(30_000, b"IDAT", b"")),
    "png-notes-20mb": ("too_much_metadata", lambda: png_chunks(20, b"tEXt", b"a\0" + b"b" * 10**6)),
    "png-bad-depth": ("damaged", lambda: photo.png_claiming(300, 300, depth=3)),
    "png-bad-colour": ("damaged", lambda: photo.png_claiming(300, 300, colour=5)),
    "png-chunk-beyond-end": ("damaged", lambda: black_png(300, 300)[:-30]),
    "apng-5000": ("too_many_parts", lambda: apng(5000)),
    "webp-claims-16383": ("too_many_pixels", lambda: webp_canvas(16_383, 16_383, webp_pixels())),
    "webp-canvas-2-24": ("too_many_pixels", lambda: webp_canvas(2**24, 2**24, webp_pixels())),
    "webp-chunks-5000": (
        "too_many_parts",
        lambda: webp(webp_pixels(), webp_chunk(b"junk", b"") * 5000),
    ),
    "webp-frame-beyond-canvas": ("damaged", lambda: webp_canvas(300, 300, webp_pixels(4000, 3000))),
    "webp-no-picture": ("damaged", lambda: webp_canvas(300, 300)),
    "webp-size-lies": ("damaged", lambda: webp(webp_pixels())[:-20]),
}
# What is harmless in spite of its looks: taken, or refused by the decoder.
HARMLESS: Mapping[str, Maker] = {
    "jpeg-with-a-zip-behind": lambda: jpeg() + b"PK\x03\x04" + bytes(1000),
    "jpeg-with-a-page-inside": lambda: jpeg_of(1, 0xFE, b"<script>alert(1)</script>"),
    "png-with-a-jpeg-behind": lambda: black_png(300, 300) + jpeg(),
    "jpeg-endless-profile": lambda: jpeg(icc_profile=endless_profile()),
    "png-endless-profile": lambda: photo.encoded(
        photo.quarters(), "PNG", icc_profile=endless_profile()
    ).getvalue(),
    "jpeg-nested-exif": lambda: jpeg_of(1, 0xE1, nested_exif()),
    "jpeg-cmyk": lambda: photo.encoded(photo.quarters(mode="CMYK")).getvalue(),
    "png-16-bit": lambda: black_png(400, 400, depth=16),
    "png-16-bit-alpha": lambda: black_png(400, 400, depth=16, colour=6),
    "apng-100": lambda: apng(100),
    "png-text-bomb": lambda: png_chunks(1, b"zTXt", text_bomb(80)),
    "png-text-bombs-500": lambda: png_chunks(500, b"zTXt", text_bomb(0.9)),
    "png-profile-bomb": lambda: png_chunks(1, b"iCCP", b"a\0\0" + text_bomb(80)[9:]),
}
# What takes the most memory and time of all that is taken, and what just misses.
LARGE: Mapping[str, Maker] = {
    "jpeg-120mp": lambda: photo.encoded(noise(12_000, 10_000, "RGB"), quality=40).getvalue(),
    "jpeg-108mp-cmyk": lambda: photo.encoded(photo.quarters(12_000, 9000, "CMYK")).getvalue(),
    "jpeg-48mp-progressive": lambda: photo.encoded(
        noise(8064, 6048), progressive=True, quality=60
    ).getvalue(),
    "jpeg-30mp-progressive-444": lambda: photo.encoded(
        noise(6400, 4800), progressive=True, subsampling=0, quality=90
    ).getvalue(),
    "jpeg-14mp-50-scans": lambda: repeated_scans(4400, 3180, 38),
    "jpeg-3mp-190-scans": lambda: repeated_scans(2000, 1500, 180),
    "jpeg-37mp-unreduced": lambda: photo.encoded(noise(6100, 6100), quality=80).getvalue(),
    "png-50mp-rgb": lambda: black_png(7071, 7071),
    "png-50mp-rgba": lambda: black_png(7071, 7071, colour=6),
    "png-50mp-rgba-16": lambda: black_png(7071, 7071, colour=6, depth=16),
    "png-50mp-grey-16": lambda: black_png(7071, 7071, colour=0, depth=16),
    "png-50mp-palette": lambda: black_png(7071, 7071, colour=3),
    "png-37mp-palette": lambda: black_png(6100, 6100, colour=3),
    "png-50mp-interlaced": lambda: interlaced_png(7071, 7071),
    "png-16mp-noise": lambda: photo.encoded(noise(4000, 4000), "PNG", compress_level=1).getvalue(),
    "webp-16mp": lambda: photo.encoded(noise(4000, 4000), "WEBP", method=0).getvalue(),
    "webp-15mp-lossless": lambda: photo.encoded(
        noise(4000, 3750, "RGBA"), "WEBP", method=0, lossless=True
    ).getvalue(),
}


def filled(head: bytes, part: bytes) -> bytes:
    """Return `head`, then `part` again and again up to the largest file that is taken."""
    room = LIMITS.max_bytes - len(head)
    return head + part * (room // len(part))


def _up_to_scan(*, progressive: bool = True) -> bytes:
    """Return a JPEG up to where its first scan's data begins."""
    data = jpeg(progressive=progressive)
    scan = data.index(b"\xff\xda")
    return data[: scan + 2 + int.from_bytes(data[scan + 2 : scan + 4], "big")]


def chunks_of(pieces: int, size: int) -> bytes:
    """Return a PNG whose pixels come in so many pieces."""
    return png_chunks(pieces, b"IDAT", bytes(size))


# What takes longest to walk over, mostly as large as is taken, which a decoder would not mind.
LONG: Mapping[str, Maker] = {
    "jpeg-fill-before-the-frame": lambda: filled(b"\xff\xd8", b"\xff"),
    "jpeg-stuffing-before-the-frame": lambda: filled(b"\xff\xd8", b"\xff\0"),
    "jpeg-gaps-before-the-frame": lambda: (
        jpeg()[:2] + (b"\xff\xfe\0\2" + bytes(130)) * 1990 + jpeg()[2:]
    ),
    "jpeg-fill-in-the-scan": lambda: filled(_up_to_scan(), b"\xff"),
    "jpeg-stuffing-in-the-scan": lambda: filled(_up_to_scan(), b"\xff\0"),
    "jpeg-restarts-in-the-scan": lambda: filled(_up_to_scan(), b"\xff\xd0\0"),
    "jpeg-notes-in-the-scan": lambda: filled(_up_to_scan(), bytes(25_000) + b"\xff\xfe\0\2"),
    "jpeg-notes": lambda: jpeg_of(1990, 0xE1, bytes(8000)),
    "png-pieces": lambda: chunks_of(7990, 6000),
    "png-notes": lambda: png_chunks(1990, b"prVt", bytes(8000)),
    "webp-notes": lambda: webp(webp_pixels(), webp_chunk(b"junk", bytes(8000)) * 1990),
    "webp-frames": lambda: webp_canvas(300, 300, webp_chunk(b"ANMF", bytes(24)) * 1990),
    "webp-alphas": lambda: webp(webp_pixels(), webp_chunk(b"ALPH", b"") * 7990),
}
