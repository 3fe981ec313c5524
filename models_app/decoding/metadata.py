"""Keeps notes in a photo from costing it: what is broken or too large is left out, pixels stay.

Pillow gives up a file for a text that unpacks to much, for a note of an odd length, or for a wrong
checksum of something that nobody asked for. These readers step over every note but those that
are used: colour profile and orientation. They serve a worker, which is a process of its own.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import IO, cast

from PIL import ImageFile, JpegImagePlugin, PngImagePlugin
from PIL.BmpImagePlugin import BmpImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

# Profiles of printers have two megabytes, those of cameras and screens a few thousand bytes.
MAX_PROFILE_BYTES = 4 * 1024 * 1024
# EXIF holds a preview at most; a JPEG's is shorter anyway.
MAX_EXIF_BYTES = 1024 * 1024
# What a PNG is made of (W3C PNG, 5.6) and its transparency. Frames of an animation are left out:
# the picture for those who cannot show them is what counts.
_PNG_PICTURE = {b"IHDR", b"PLTE", b"IDAT", b"IEND"}
_TRANSPARENCY, _PROFILE, _EXIF = b"tRNS", b"iCCP", b"eXIf"
# Colours by number, as sRGB's own, by curve and primaries (11.3.2); each a few bytes long.
_COLOURS = {b"cICP": "cicp", b"sRGB": "srgb", b"gAMA": "gamma", b"cHRM": "primaries"}
_MAX_COLOUR_BYTES = 32
# How the notes of a JPEG begin that are read: CIPA DC-008 (4.7.2), ICC.1 (B.4), T.872 (6.5.3), and
# XMP part 3 (1.1.3), where some editors alone keep the orientation.
_JPEG_NOTES = (b"Exif\0\0", b"ICC_PROFILE\0", b"Adobe", b"http://ns.adobe.com/xap/1.0/\0")
_SHORTEST_PROFILE_PART = 15


def opened(source: IO[bytes], decoder: str) -> ImageFile.ImageFile:
    """Return the photo in `source`, read with Pillow's `decoder` and not decoded yet.

    Raises whatever that decoder raises about the picture itself.
    """
    return _READERS[decoder](source)


class _PngStream(PngImagePlugin.PngStream):
    """Reads the chunks that make the picture as Pillow does, and steps over nearly all others."""

    def call(self, cid: bytes, pos: int, length: int) -> bytes:
        if cid in _PNG_PICTURE:
            return super().call(cid, pos, length)
        source = cast(IO[bytes], self.fp)
        if cid == _TRANSPARENCY:
            with suppress(ValueError):
                super().call(cid, pos, length)
        elif cid == _PROFILE and length <= MAX_PROFILE_BYTES:
            self._read_profile(ImageFile._safe_read(source, length))
        elif cid == _EXIF and length <= MAX_EXIF_BYTES:
            self.im_info["exif"] = b"Exif\0\0" + ImageFile._safe_read(source, length)
        elif cid in _COLOURS and length <= _MAX_COLOUR_BYTES:
            self.im_info[_COLOURS[cid]] = ImageFile._safe_read(source, length)
        source.seek(pos + length)
        return b""

    def crc(self, cid: bytes, data: bytes) -> None:
        check = super().crc if cid in _PNG_PICTURE else self.crc_skip
        check(cid, data)

    def _read_profile(self, chunk: bytes) -> None:
        """Unpack a profile (W3C PNG, 11.3.2.3): its name, a zero, the method, deflated data."""
        packed = chunk.partition(b"\0")[2]
        unpacker = zlib.decompressobj()
        with suppress(zlib.error):
            profile = unpacker.decompress(packed[1:], MAX_PROFILE_BYTES)
            if unpacker.eof:
                self.im_info["icc_profile"] = profile


class _Jpeg(JpegImageFile):
    """A JPEG without what hangs on it: second pictures, and a resolution kept in EXIF."""

    def _read_dpi_from_exif(self) -> None:
        """Do nothing: a photo's resolution is of no use, and EXIF may contain any garbage."""


_READERS: dict[str, Callable[[IO[bytes]], ImageFile.ImageFile]] = {
    "PNG": PngImageFile,
    "JPEG": _Jpeg,
    "WEBP": WebPImageFile,
    "BMP": BmpImageFile,
}


def _read_note(image: JpegImageFile, marker: int) -> None:
    """Read a note of a JPEG where it is of use; it ends where its length says."""
    source = cast(IO[bytes], image.fp)
    start = source.tell()
    end = start + max(int.from_bytes(source.read(2), "big"), 2)
    beginning = source.read(max(map(len, _JPEG_NOTES)))
    if beginning.startswith(_JPEG_NOTES) and end - start > _SHORTEST_PROFILE_PART:
        source.seek(start)
        with suppress(Exception):  # it may contain any garbage
            JpegImagePlugin.APP(image, marker)
    source.seek(end)


def install() -> None:
    """Put these readers in the place of Pillow's own, for the whole process."""
    PngImagePlugin.PngStream = _PngStream  # type: ignore[misc]
    notes = (*range(0xFFE0, 0xFFF0), 0xFFFE)
    JpegImagePlugin.MARKER |= dict.fromkeys(notes, ("", "", _read_note))
