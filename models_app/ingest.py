"""Turns any uploaded file into the one kind of photo we store.

Stored photos are upright, sRGB, eight bits, without alpha, at most `LIMITS.stored_side` long,
and contain pixels only: they are encoded again, so no metadata of the source can survive.

Another decoder (HEIC) is added in `formats.py`; nothing here knows where files are stored.
"""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from django.utils.translation import gettext as _
from PIL import ExifTags, Image, ImageCms, ImageFile
from PIL.Image import Resampling, Transpose

from models_app.errors import PhotoRefusedError
from models_app.formats import HEAD_BYTES, JPEG, PhotoFormat, sniff
from models_app.jpeg_scans import has_scans
from models_app.limits import LIMITS

logger = logging.getLogger(__name__)

# Pillow's own guard fires while a header is read, before ours can; it warns from once and
# raises from twice this number.
Image.MAX_IMAGE_PIXELS = LIMITS.max_pixels
# Decoding the largest photo takes hundreds of megabytes, so only two are decoded at a time.
_DECODERS = threading.BoundedSemaphore(2)
# Encoders write about ten scans; some unusual ones a hundred.
_MAX_SCANS = 200
_WHITE = (255, 255, 255)
_SRGB = ImageCms.createProfile("sRGB")
# EXIF 2.32, 4.6.4 A, tag Orientation: the operation that undoes each value.
_UPRIGHT = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}


@dataclass(frozen=True, slots=True)
class NormalisedPhoto:
    """A photo ready to be stored: encoded bytes, `extension` without the dot, pixels."""

    data: bytes
    extension: str
    width: int
    height: int
    thumbnail: bytes


def normalise(source: IO[bytes]) -> NormalisedPhoto:
    """Decode, check and re-encode one photo.

    Takes a seekable file at any position. Raises PhotoRefusedError for every file that is not
    a photo within `LIMITS`.
    """
    source.seek(0)
    photo_format = sniff(source.read(HEAD_BYTES))
    check_bytes(source.seek(0, io.SEEK_END))
    with _DECODERS, _refuse_damage():
        if photo_format is JPEG and has_scans(source, at_least=_MAX_SCANS):
            raise _damaged()
        source.seek(0)
        pixels = _decode(source, photo_format)
    return _encode(pixels, photo_format)


def check_bytes(size: int) -> None:
    """Raise PhotoRefusedError if a file of `size` bytes is too large."""
    if size > LIMITS.max_bytes:
        text = _("This file is larger than %(size)s. Export it smaller and upload that.")
        raise PhotoRefusedError("too_many_bytes", text % {"size": LIMITS.size_text})


def _decode(source: IO[bytes], photo_format: PhotoFormat) -> Image.Image:
    """Return the photo's pixels in RGB, upright and no longer than we store."""
    with Image.open(source, formats=[photo_format.decoder]) as image:
        _check_shape(*image.size, max_pixels=photo_format.max_pixels)
        pixels = _shrunk(image, photo_format)
        # A PNG may have its profile and orientation after the pixels, so read them last.
        profile = image.info.get("icc_profile")
        orientation = _orientation(image)
    pixels = _in_srgb(_opaque(pixels), profile)
    if orientation in _UPRIGHT:
        pixels = pixels.transpose(_UPRIGHT[orientation])
    return pixels


def _check_shape(width: int, height: int, *, max_pixels: int) -> None:
    """Check the size in the header, before any pixel is decoded."""
    short, long = sorted((width, height))
    size: dict[str, float] = {"width": width, "height": height}
    if width * height > max_pixels:
        raise _too_many_pixels(max_pixels)
    if short < LIMITS.min_side:
        text = _(
            "This photo is only %(width)d × %(height)d pixels. Both sides need at least "
            "%(least)d: try the original instead of a preview."
        )
        raise PhotoRefusedError("too_small", text % (size | {"least": LIMITS.min_side}))
    if long > short * LIMITS.max_ratio:
        text = _(
            "This photo is %(width)d × %(height)d pixels, which is too narrow. Crop it so that "
            "the long side is at most %(ratio)g times the short one."
        )
        raise PhotoRefusedError("too_narrow", text % (size | {"ratio": LIMITS.max_ratio}))


def _shrunk(image: ImageFile.ImageFile, photo_format: PhotoFormat) -> Image.Image:
    """Return the first frame in eight bits, no side above `stored_side`.

    JPEGs are decoded at a fraction of their size where that suffices, so shrinking comes first.
    """
    side = LIMITS.stored_side
    if photo_format is JPEG:
        # Half as large again leaves enough detail for the resampling filter.
        scale = 1.5 * side / max(image.size)
        image.draft(None, (int(image.width * scale), int(image.height * scale)))
    image.load()
    pixels = _in_eight_bits(image)
    pixels.thumbnail((side, side), Resampling.LANCZOS, reducing_gap=None)
    return pixels


def _in_eight_bits(image: Image.Image) -> Image.Image:
    """Expand palettes and transparent colours, scale 16-bit greys down; keep other modes."""
    if image.mode.startswith("I"):
        # Pillow clips on conversion; a 16-bit grey has to be divided.
        return image.convert("I").point(lambda grey: grey / 256).convert("L")
    if image.mode in {"L", "LA", "RGB", "RGBA", "CMYK"} and "transparency" not in image.info:
        return image
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _opaque(image: Image.Image) -> Image.Image:
    """Put a transparent picture on white: trainers have no alpha channel."""
    if not image.has_transparency_data:
        return image
    layer = image.convert("RGBA")
    background = Image.new("RGB", layer.size, _WHITE)
    background.paste(layer, mask=layer.getchannel("A"))
    return background


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert to sRGB with the embedded profile; without a usable one, convert to RGB."""
    if profile and image.mode in {"L", "RGB", "CMYK"}:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(image, source, _SRGB, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
            logger.info("A photo's colour profile cannot be used and is ignored")
        else:
            return converted or image
    return image.convert("RGB")


def _orientation(image: Image.Image) -> int | None:
    """Return the EXIF orientation, None where it is missing or unreadable."""
    try:
        return image.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # EXIF may contain any garbage, and none of it is worth losing the photo
        return None


def _encode(pixels: Image.Image, photo_format: PhotoFormat) -> NormalisedPhoto:
    # Encoders copy what they find here: profile, comment, resolution.
    pixels.info = {}
    width, height = pixels.size
    if photo_format.stored_as == "PNG":
        data, extension = _saved(pixels, "PNG", compress_level=4), "png"
    else:
        data, extension = _saved(pixels, "JPEG", quality=95, subsampling=0), "jpg"
    side = LIMITS.thumbnail_side
    pixels.thumbnail((side, side), Resampling.LANCZOS)
    return NormalisedPhoto(
        data=data,
        extension=extension,
        width=width,
        height=height,
        thumbnail=_saved(pixels, "JPEG", quality=82),
    )


def _saved(pixels: Image.Image, name: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    pixels.save(buffer, name, **options)
    return buffer.getvalue()


@contextmanager
def _refuse_damage() -> Iterator[None]:
    """Turn every error of a decoder into a PhotoRefusedError.

    Decoders raise more than they document (struct.error, SyntaxError, KeyError…), so all errors
    are caught on purpose, except running out of memory: the photo is not to blame for that.
    """
    try:
        yield
    except (PhotoRefusedError, MemoryError):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels(LIMITS.max_pixels) from error
    except Exception as error:
        logger.info("A photo could not be decoded: %s", type(error).__name__)
        raise _damaged() from error


def _too_many_pixels(limit: int) -> PhotoRefusedError:
    text = _("This photo has more than %(limit)d megapixels. Export it smaller and upload that.")
    return PhotoRefusedError("too_many_pixels", text % {"limit": limit // 1_000_000})


def _damaged() -> PhotoRefusedError:
    text = _(
        "This photo is damaged or incomplete. Copy it from the phone or camera again, or save it "
        "with another program."
    )
    return PhotoRefusedError("damaged", text)
