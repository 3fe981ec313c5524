"""Converts colours to sRGB with LittleCMS, and tells whether that changed them."""

from __future__ import annotations

import io
from itertools import product

from PIL import Image, ImageChops, ImageCms

_SRGB = ImageCms.createProfile("sRGB")
_MODES = {"L", "RGB", "CMYK"}
_LEVELS = (0, 64, 128, 192, 255)
_UNSEEN = 3  # of 255: the several editions of sRGB's own profile differ by as much


def in_srgb(image: Image.Image, profile: bytes | None) -> tuple[Image.Image, bool]:
    """Return the picture in sRGB, and whether its colours had to be converted.

    Without a usable profile the numbers are taken for sRGB's; inks are mixed by a simple rule.
    """
    converted = _converted(image, profile) if profile and image.mode in _MODES else None
    if converted is None:
        return image.convert("RGB"), image.mode == "CMYK"
    return converted, image.mode == "CMYK" or _is_another_space(image.mode, profile)


def is_srgb(profile: bytes | None) -> bool:
    """Whether RGB numbers mean the same without this profile, which most photos are sent with."""
    return not profile or not _is_another_space("RGB", profile)


def _converted(image: Image.Image, profile: bytes | None) -> Image.Image | None:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile or b""))
        return ImageCms.profileToProfile(image, source, _SRGB, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        return None  # a broken profile costs the exact colours, not the photo


def _is_another_space(mode: str, profile: bytes | None) -> bool:
    """Whether any of a few colours comes out as another one."""
    samples = _samples().convert(mode)
    converted = _converted(samples, profile)
    if converted is None:
        return False
    difference = ImageChops.difference(samples.convert("RGB"), converted)
    return any(max(difference.getchannel(at).tobytes()) > _UNSEEN for at in range(3))


def _samples() -> Image.Image:
    values = [one for colour in product(_LEVELS, repeat=3) for one in colour]
    return Image.frombytes("RGB", (len(values) // 3, 1), bytes(values))
