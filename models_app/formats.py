"""The format of a file, detected from its first bytes; name and declared type are ignored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import IO

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from models_app.errors import PhotoRefusedError
from models_app.limits import LIMITS
from models_app.refusals import refused
from models_app.shapes.bmp import read_bmp
from models_app.shapes.heif import read_heif
from models_app.shapes.jpeg import read_jpeg
from models_app.shapes.png import read_png
from models_app.shapes.shape import Shape
from models_app.shapes.tiff import read_tiff
from models_app.shapes.webp import read_webp

# Enough for every signature below and for the brands of an ISO media file.
HEAD_BYTES = 64
# Until then WebP and HEIC have not said what they are.
_SHORTEST = 12


@dataclass(frozen=True, slots=True)
class PhotoFormat:
    """A supported format: Pillow's name of its decoder, how we store it, its largest size.

    `extension` is that of a file kept as it is, empty where browsers may not show it; `read_shape`
    tells how a file is built without decoding it.
    """

    decoder: str
    extension: str
    stored_as: str
    max_pixels: int
    read_shape: Callable[[IO[bytes]], Shape]


JPEG = PhotoFormat("JPEG", "jpg", "JPEG", LIMITS.max_pixels, read_jpeg)
PNG = PhotoFormat("PNG", "png", "PNG", LIMITS.max_pixels_png, read_png)
WEBP = PhotoFormat("WEBP", "webp", "JPEG", LIMITS.max_pixels_webp, read_webp)
# HEIC and AVIF share a container; what is coded in it decides how it is decoded.
HEIF = PhotoFormat("HEIF", "", "JPEG", LIMITS.max_pixels, read_heif)
# Scans; they are too large to be kept without loss.
TIFF = PhotoFormat("TIFF", "", "JPEG", LIMITS.max_pixels, read_tiff)
BMP = PhotoFormat("BMP", "", "JPEG", LIMITS.max_pixels, read_bmp)

_TAKEN: Mapping[bytes, PhotoFormat] = {
    b"\xff\xd8\xff": JPEG,
    b"\x89PNG\r\n\x1a\n": PNG,
    b"II*\x00": TIFF,
    b"MM\x00*": TIFF,
    b"BM": BMP,
}
# Leading bytes of files we recognise and refuse → their code in `_REFUSALS`.
_SIGNATURES: Mapping[bytes, str] = {
    b"GIF8": "gif",
    b"%PDF": "pdf",
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    b"PK\x07\x08": "zip",
    b"Rar!": "archive",
    b"\x1f\x8b": "archive",
    b"BZh": "archive",
    b"\xfd7zXZ\x00": "archive",
    b"7z\xbc\xaf\x27\x1c": "archive",
    b"\x1a\x45\xdf\xa3": "video",
    b"8BPS": "psd",
    b"\xff\x0a": "jxl",
    b"\x00\x00\x00\x0cJXL ": "jxl",
    # TIFFs of a kind of their own: Fujifilm's begins with a header, Olympus's and Panasonic's have
    # another number.
    b"FUJIFILMCCD-RAW": "raw",
    b"IIRO": "raw",
    b"IIRS": "raw",
    b"MMOR": "raw",
    b"IIU\x00": "raw",
    b"II+\x00": "big_tiff",
    b"MM\x00+": "big_tiff",
}
# What may stand before the first sign of a page or a drawing: marks of an encoding, and space.
_BEFORE_MARKUP = b"\xef\xbb\xbf\xff\xfe \t\r\n\f"
# Canon's raw files, in the container of HEIC (major brand).
_RAW_BRAND = b"crx "
_REFUSALS: Mapping[str, Promise] = {
    "empty": _("This file is empty. Choose the photo again."),
    "zeros": _(
        "There are zeros where this photo should be, so it was not copied whole. Copy it from the "
        "phone or camera again."
    ),
    "not_a_photo": _("This is not a photo we can read. Upload photos as %(formats)s."),
    "not_a_picture": _("This is a kind of picture that not every browser shows."),
    "gif": _("This is a GIF. Save it as JPEG and upload that."),
    "pdf": _("This is a PDF document. Upload photos as %(formats)s."),
    "zip": _("This is a ZIP archive. Unpack it and upload the photos inside."),
    "archive": _("This is an archive. Unpack it and upload the photos inside."),
    "video": _("This is a video. Take a still picture from it and upload that."),
    "psd": _("This is a Photoshop file. Save it as JPEG and upload that."),
    "big_tiff": _("This is a BigTIFF, which photos do not come in. Save it as JPEG."),
    "jxl": _("This is a JPEG XL picture. Save it as JPEG and upload that."),
    "svg": _("This is an SVG drawing or an XML document. Upload photos as %(formats)s."),
    "html": _("This is a web page. Save the picture on it and upload that."),
}
# Brands of files that hold a still picture (ISO/IEC 23008-12, annexes B and G; AVIF, 5).
_STILL_BRANDS = {
    b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"mif2", b"msf1", b"miaf",
    b"avif", b"avis",
}  # fmt: skip


def sniff(head: bytes) -> PhotoFormat:
    """Return the format of the file that begins with `head` (`HEAD_BYTES` are enough).

    Raises PhotoRefusedError for every other file, naming its kind where it is recognised.
    """
    found = (known for signature, known in _TAKEN.items() if head.startswith(signature))
    if photo_format := next(found, None):
        return photo_format
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return WEBP
    if head[4:8] == b"ftyp" and _brands(head) & _STILL_BRANDS:
        return HEIF
    code = _code_of(head)
    raise refused(code) if code in {"damaged", "raw"} else refusal(code)


def refusal(code: str) -> PhotoRefusedError:
    """Return the error that refuses a file for the reason `code`, a key of `_REFUSALS`."""
    return PhotoRefusedError(code, str(_REFUSALS[code]) % {"formats": LIMITS.formats_text})


def _code_of(head: bytes) -> str:
    if not head:
        return "empty"
    if _is_cut(head):
        return "damaged"
    if not head.strip(b"\0"):
        return "zeros"
    if head[4:8] == b"ftyp":
        return "raw" if head[8:12] == _RAW_BRAND else "video"
    if head.startswith(b"RIFF") and head[8:12] == b"AVI ":
        return "video"
    found = (code for signature, code in _SIGNATURES.items() if head.startswith(signature))
    return next(found, "") or _markup(head) or "not_a_photo"


def _is_cut(head: bytes) -> bool:
    """Whether a file ends before its first bytes tell what it is, and so far it may be a photo."""
    is_boxed = bytes(3).startswith(head[:3]) and b"ftyp".startswith(head[4:8])
    if is_boxed or b"RIFF".startswith(head[:4]):
        return len(head) < _SHORTEST
    return any(len(head) < len(known) and known.startswith(head) for known in _TAKEN)


def _markup(head: bytes) -> str:
    """Return the code of a drawing or a page, in whatever encoding and case; "" of another file."""
    text = head.replace(b"\0", b"").lstrip(_BEFORE_MARKUP).lower()
    if not text.startswith(b"<"):
        return ""
    is_drawing = b"<svg" in text or (text.startswith(b"<?xml") and b"html" not in text)
    return "svg" if is_drawing else "html"


def _brands(head: bytes) -> set[bytes]:
    """Return what an ISO media file says it is: its major brand, and those it is compatible with
    (ISO/IEC 14496-12, 4.3), as far as they are in `head`."""
    end = min(int.from_bytes(head[:4], "big"), len(head) - 3)
    return {head[8:12], *(head[at : at + 4] for at in range(16, end, 4))}
