"""Photos as cameras, phones and trouble-makers make them, rendered on the spot."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image, ImageCms, ImageDraw
from PIL.Image import Transpose
from PIL.TiffImagePlugin import IFDRational
from pillow_heif import register_heif_opener

register_heif_opener()  # for writing; the site reads with a decoder of its own

# Strings no stored photo may contain, and the places they are put in.
SECRET = b"Keizersgracht 174"
# What turns an upright picture into the one a camera stores with that orientation.
AS_STORED = {
    1: None,
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_90,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_270,
}


def quarters(width: int = 640, height: int = 480, mode: str = "RGB") -> Image.Image:
    """Return a picture whose corners are red, lime, blue and yellow, clockwise from top left."""
    image = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(image)
    x, y = width // 2, height // 2
    draw.rectangle((0, 0, x, y), "red")
    draw.rectangle((x, 0, width, y), "lime")
    draw.rectangle((x, y, width, height), "blue")
    draw.rectangle((0, y, x, height), "yellow")
    return image.convert(mode)


def corners(image: Image.Image) -> list[tuple[int, int, int]]:
    """Return the colours near the corners, clockwise from top left, rounded to 0 or 255."""
    w, h = image.size
    points = [(8, 8), (w - 9, 8), (w - 9, h - 9), (8, h - 9)]
    pixels = [image.convert("RGB").getpixel(point) for point in points]
    return [tuple(255 if value > 127 else 0 for value in pixel) for pixel in pixels]


UPRIGHT = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0)]


def encoded(image: Image.Image, name: str = "JPEG", **options: object) -> io.BytesIO:
    buffer = io.BytesIO()
    image.save(buffer, name, **options)
    buffer.seek(0)
    return buffer


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def exif(orientation: int = 1) -> Image.Exif:
    """Return EXIF with a place, an owner and an orientation."""
    tags = Image.Exif()
    tags[0x0112] = orientation
    tags[0x010F] = "Camera Maker"
    tags[0x013B] = SECRET.decode()
    gps = tags.get_ifd(0x8825)
    gps[1], gps[2] = "N", (IFDRational(52), IFDRational(22), IFDRational(12345, 1000))
    gps[3], gps[4] = "E", (IFDRational(4), IFDRational(53), IFDRational(54321, 1000))
    gps[29] = "2024:05:06"
    return tags


def gps_position() -> bytes:
    """Return the latitude as the bytes EXIF holds it in (big endian)."""
    return struct.pack(">6I", 52, 1, 22, 1, 2469, 200)


def xmp() -> bytes:
    return b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><city>' + SECRET + b"</city></x:xmpmeta>"


def srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


# Red, green and blue of two spaces as their own profiles have them, for D50.
_DISPLAY_P3 = (
    (0.51512, 0.24120, -0.00105),
    (0.29198, 0.69225, 0.04189),
    (0.15710, 0.06657, 0.78407),
)
_ADOBE_RGB = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
_ADOBE_GAMMA = b"curv" + bytes(4) + b"\0\0\0\1\x02\x33"  # 563 / 256


def display_p3() -> bytes:
    """Return the profile an iPhone puts into its photos, made of sRGB's."""
    return _with_primaries(_DISPLAY_P3)


def adobe_rgb() -> bytes:
    """Return the profile of Adobe RGB (1998), made of sRGB's."""
    return _with_primaries(_ADOBE_RGB, _ADOBE_GAMMA)


def _with_primaries(primaries: tuple[tuple[float, ...], ...], curve: bytes = b"") -> bytes:
    profile = bytearray(srgb_profile())
    new = dict(zip((b"rXYZ", b"gXYZ", b"bXYZ"), primaries, strict=True))
    for at in range(132, 132 + 12 * int.from_bytes(profile[128:132], "big"), 12):
        name, offset = bytes(profile[at : at + 4]), int.from_bytes(profile[at + 4 : at + 8], "big")
        if name in new:
            numbers = (round(65536 * value) for value in new[name])
            profile[offset + 8 : offset + 20] = struct.pack(">3i", *numbers)
        elif curve and name in {b"rTRC", b"gTRC", b"bTRC"}:
            profile[offset : offset + len(curve)] = curve
            profile[at + 8 : at + 12] = len(curve).to_bytes(4, "big")
    return bytes(profile)


def exif_adobe_rgb() -> Image.Exif:
    """Return EXIF that names Adobe RGB as cameras do, which then enclose no profile (DCF 2.0)."""
    tags = Image.Exif()
    inside = tags.get_ifd(0x8769)
    inside[0xA001] = 65535
    inside[0xA005] = {1: "R03"}
    return tags


def jpeg_segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def with_segment(jpeg: bytes, marker: int, content: bytes) -> bytes:
    """Insert a segment right after the start of a JPEG."""
    return jpeg[:2] + jpeg_segment(marker, content) + jpeg[2:]


def png_chunk(kind: bytes, content: bytes) -> bytes:
    checked = kind + content
    return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))


def with_chunk(png: bytes, kind: bytes, content: bytes) -> bytes:
    """Insert a chunk right after the header of a PNG."""
    header_end = 8 + 12 + 13
    return png[:header_end] + png_chunk(kind, content) + png[header_end:]


def png_claiming(width: int, height: int, *, depth: int = 8, colour: int = 2) -> bytes:
    """Return a tiny PNG whose header claims a size, with almost no pixels behind it."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    chunks = [(b"IHDR", header), (b"IDAT", pixels), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(kind, content) for kind, content in chunks)


def jpeg_claiming(width: int, height: int) -> bytes:
    """Return a real JPEG whose frame header lies about its size."""
    data = bytearray(encoded(quarters(320, 320)).getvalue())
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def scan_bomb(scans: int) -> bytes:
    """Return a progressive JPEG whose last scan is repeated `scans` times."""
    data = encoded(quarters(320, 320), progressive=True).getvalue()
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * scans + b"\xff\xd9"
