"""What a photo tells about itself besides its pixels. None of it is kept; some of it is used.

EXIF (CIPA DC-008) may contain any garbage, and none of it is worth losing the photo.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, TypeVar

from PIL import ExifTags, Image

from models_app.decoding.colours import adobe_rgb

_T = TypeVar("_T")

# What may be found in a file: a place, other details, more pictures, transparency.
LOCATION, DETAILS, MORE, TRANSPARENCY = "location", "details", "more", "transparency"
_PLACE_WORDS = (b"GPSLatitude", b"photoshop:City", b"Iptc4xmpCore:Location", b"LocationCreated")
# Tags that say how the pixels are to be read, which everybody may know.
_HARMLESS = {
    ExifTags.Base.Orientation, ExifTags.Base.XResolution, ExifTags.Base.YResolution,
    ExifTags.Base.ResolutionUnit, ExifTags.Base.YCbCrPositioning, ExifTags.Base.ImageWidth,
    ExifTags.Base.ImageLength, ExifTags.Base.ExifOffset,
}  # fmt: skip
_HARMLESS_INSIDE = {
    ExifTags.Base.ColorSpace, ExifTags.Base.ExifVersion, ExifTags.Base.ExifImageWidth,
    ExifTags.Base.ExifImageHeight, ExifTags.Base.ComponentsConfiguration,
    ExifTags.Base.FlashPixVersion, ExifTags.Base.ExifInteroperabilityOffset,
}  # fmt: skip
_ADOBE, _UNCALIBRATED, _INTEROPERABILITY_INDEX = 2, 65535, 1


def exif_of(content: bytes) -> Image.Exif:
    """Return EXIF from its bytes, as much of it as can be read."""
    exif = Image.Exif()
    with suppress(Exception):
        exif.load(content)
    return exif


def xmp_of(info: Mapping[Any, Any]) -> bytes:
    """Return the XMP among Pillow's notes about a photo."""
    xmp = info.get("xmp") or info.get("XML:com.adobe.xmp") or b""
    return xmp if isinstance(xmp, bytes) else str(xmp).encode()


def found_in(exif: Image.Exif, xmp: bytes) -> frozenset[str]:
    """Return what EXIF and XMP tell."""
    found = set()
    if any(word in xmp for word in _PLACE_WORDS) or _has_place(exif):
        found.add(LOCATION)
    if xmp or _has_details(exif):
        found.add(DETAILS)
    return frozenset(found)


def orientation_of(exif: Image.Exif) -> int | None:
    """Return the orientation, None where it is missing or unreadable."""
    value = _read(lambda: exif.get(ExifTags.Base.Orientation), None)
    return value if isinstance(value, int) else None


def profile_named_in(exif: Image.Exif) -> bytes | None:
    """Return the profile of Adobe RGB where a camera says so and encloses none (DCF 2.0)."""

    def is_adobe_rgb() -> bool:
        space = exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.ColorSpace)
        index = exif.get_ifd(ExifTags.IFD.Interop).get(_INTEROPERABILITY_INDEX, "")
        return space == _ADOBE or (space == _UNCALIBRATED and str(index).startswith("R03"))

    return adobe_rgb() if _read(is_adobe_rgb, False) else None


def _has_place(exif: Image.Exif) -> bool:
    return _read(lambda: bool(exif.get_ifd(ExifTags.IFD.GPSInfo)), False)


def _has_details(exif: Image.Exif) -> bool:
    def details() -> bool:
        inside = exif.get_ifd(ExifTags.IFD.Exif).keys() - _HARMLESS_INSIDE
        return bool(exif.keys() - _HARMLESS or inside)

    return _read(details, False)


def _read(what: Callable[[], _T], otherwise: _T) -> _T:
    try:
        return what()
    except Exception:
        return otherwise
