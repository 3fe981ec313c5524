"""What a file truly is, told from its first bytes; its name and declared type count for nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from models_app.errors import PhotoRefusedError
from models_app.limits import LIMITS

# Enough for every signature below and for the brands of an ISO media file.
HEAD_BYTES = 64


@dataclass(frozen=True, slots=True)
class PhotoFormat:
    """A format we take: Pillow's name for its decoder, how we store it, how large it may be."""

    decoder: str
    stored_as: str
    max_pixels: int


JPEG = PhotoFormat("JPEG", stored_as="JPEG", max_pixels=LIMITS.max_pixels)
PNG = PhotoFormat("PNG", stored_as="PNG", max_pixels=LIMITS.max_pixels_decoded_whole)
WEBP = PhotoFormat("WEBP", stored_as="JPEG", max_pixels=LIMITS.max_pixels_decoded_whole)

_SAVE_AS_JPEG = "Open it on your computer or phone, save it as JPEG, and add that."
_TAKE_PHOTOS = f"Add photos as {LIMITS.formats_text}."

# Signature → what we call it, and what the person can do.
_FOREIGN: Mapping[bytes, tuple[str, str, str]] = {
    b"GIF8": ("gif", "a GIF", _SAVE_AS_JPEG),
    b"%PDF": ("pdf", "a PDF document", _TAKE_PHOTOS),
    b"PK\x03\x04": ("zip", "a ZIP archive", "Unpack it and add the photos inside."),
    b"Rar!": ("archive", "an archive", "Unpack it and add the photos inside."),
    b"7z\xbc\xaf\x27\x1c": ("archive", "an archive", "Unpack it and add the photos inside."),
    b"\x1a\x45\xdf\xa3": ("video", "a video", "Take a still picture from it and add that."),
    b"BM": ("bmp", "a BMP picture", _SAVE_AS_JPEG),
    b"II*\x00": ("tiff", "a TIFF or camera raw file", _SAVE_AS_JPEG),
    b"MM\x00*": ("tiff", "a TIFF or camera raw file", _SAVE_AS_JPEG),
    b"8BPS": ("psd", "a Photoshop file", _SAVE_AS_JPEG),
    b"\xff\x0a": ("jxl", "a JPEG XL picture", _SAVE_AS_JPEG),
    b"\x00\x00\x00\x0cJXL ": ("jxl", "a JPEG XL picture", _SAVE_AS_JPEG),
    b"<svg": ("svg", "a drawing (SVG)", _TAKE_PHOTOS),
    b"<?xml": ("svg", "a drawing or document (XML)", _TAKE_PHOTOS),
    b"<!DOCTYPE": ("html", "a web page, not the picture on it", "Save the picture itself."),
    b"<html": ("html", "a web page, not the picture on it", "Save the picture itself."),
}
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_AVIF_BRANDS = {b"avif", b"avis"}


def sniff(head: bytes) -> PhotoFormat:
    """Return the format of the file that begins with `head` (`HEAD_BYTES` are enough).

    Raises PhotoRefusedError for everything we do not decode, naming what it is where we can tell.
    """
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return WEBP
    raise _refusal(head)


def _refusal(head: bytes) -> PhotoRefusedError:
    if not head:
        return PhotoRefusedError("empty", "This file is empty. Choose the photo again.")
    if head[4:8] == b"ftyp":
        return _iso_media_refusal(head)
    if head.startswith(b"RIFF") and head[8:12] == b"AVI ":
        return _named("video", "a video", "Take a still picture from it and add that.")
    for signature, (code, name, advice) in _FOREIGN.items():
        if head.startswith(signature):
            return _named(code, name, advice)
    return PhotoRefusedError("not_a_photo", f"This is not a photo we can read. {_TAKE_PHOTOS}")


def _iso_media_refusal(head: bytes) -> PhotoRefusedError:
    """HEIC, AVIF and films share one container (ISO/IEC 14496-12); the brand tells them apart.

    Generic major brands (`mif1`) say more in the compatible brands that follow.
    """
    brands = {head[8:12], *(head[at : at + 4] for at in range(16, len(head) - 3, 4))}
    if brands & _AVIF_BRANDS:
        return _named("avif", "an AVIF picture", _SAVE_AS_JPEG)
    if brands & _HEIC_BRANDS:
        return PhotoRefusedError(
            "heic",
            "This is a HEIC photo, which cannot be read here yet. On an iPhone choose Settings, "
            "Camera, Formats, “Most Compatible”, or export the photo as JPEG and add that.",
        )
    return _named("video", "a video", "Take a still picture from it and add that.")


def _named(code: str, name: str, advice: str) -> PhotoRefusedError:
    return PhotoRefusedError(code, f"This is {name}. {advice}")
