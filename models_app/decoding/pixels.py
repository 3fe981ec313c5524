"""Turns a photo into the one kind we store: upright, sRGB, eight bits, without alpha.

Runs in a worker only. Its memory is counted beforehand (`shapes/`): every step here keeps at most
one whole picture besides a reduced one, so large ones are converted strip by strip. Formats that
are made of tiles or strips come in bands (`banded.py`), and are never whole at their full size.
"""

from __future__ import annotations

import io
from typing import IO

from PIL import ExifTags, Image, ImageCms
from PIL.Image import Resampling, Transpose

from models_app.decoding import banded
from models_app.decoding.bands import STRIP_ROWS, reduced, strips
from models_app.decoding.metadata import opened
from models_app.decoding.task import NormalisedPhoto, Task

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


def normalise(source: IO[bytes], task: Task) -> NormalisedPhoto:
    """Decode and re-encode one photo. Raises whatever a decoder raises."""
    pixels, profile, orientation = _near_its_size(source, task)
    pixels.thumbnail((task.stored_side,) * 2, Resampling.LANCZOS, reducing_gap=None)
    pixels = _in_srgb(pixels, profile)
    if orientation in _UPRIGHT:
        pixels = pixels.transpose(_UPRIGHT[orientation])
    return _encode(pixels, task)


def _near_its_size(source: IO[bytes], task: Task) -> tuple[Image.Image, bytes | None, int | None]:
    """Return the picture opaque in eight bits and small enough, its profile and orientation."""
    if not banded.comes_in_bands(task.decoder):
        image, profile, orientation = _opened(source, task)
        return _reduced(image, task), profile, orientation
    picture = banded.opened(source, task.decoder)
    _check_size(picture.width, picture.height, task)
    factor = max(1, max(picture.width, picture.height) // task.near_side)
    small = reduced(picture.bands, picture.width, picture.height, factor)
    return small, picture.profile, picture.orientation


def _check_size(width: int, height: int, task: Task) -> None:
    if width * height > task.pixels:
        raise ValueError("the decoder reads another size than we did")


def _opened(source: IO[bytes], task: Task) -> tuple[Image.Image, bytes | None, int | None]:
    """Return the first frame, its colour profile and its orientation."""
    with opened(source, task.decoder) as image:
        _check_size(*image.size, task)
        if task.decoder == "JPEG":
            # A fraction of the size is enough, and takes a fraction of time and memory.
            scale = task.near_side / max(image.size)
            image.draft(None, (int(image.width * scale), int(image.height * scale)))
        image.load()
        # A PNG may have its profile and orientation after the pixels, so read them last.
        profile, orientation = image.info.get("icc_profile"), _orientation(image)
        # The same pixels, without the file and the decoder's own copies of them.
        return image._new(image.im), profile, orientation


def _reduced(image: Image.Image, task: Task) -> Image.Image:
    """Return the picture opaque in eight bits, a large one with its sides divided."""
    is_plain = _is_plain(image)
    # What is not plain is copied on the way, so less of it is kept.
    factor = max(image.size) // (task.near_side if is_plain else task.stored_side)
    if is_plain and factor < 2:
        return image
    factor = max(1, factor)
    bands = (_opaque(_in_eight_bits(strip)) for strip in strips(image, STRIP_ROWS * factor))
    return reduced(bands, *image.size, factor)


def _is_plain(image: Image.Image) -> bool:
    return image.mode in {"L", "RGB", "CMYK"} and not image.has_transparency_data


def _in_eight_bits(image: Image.Image) -> Image.Image:
    """Expand palettes, scale 16-bit greys down; keep what has eight bits."""
    if image.mode.startswith("I"):
        # Pillow clips on conversion; a 16-bit grey has to be divided.
        return image.convert("I").point(lambda grey: grey / 256).convert("L")
    if image.has_transparency_data or image.mode in {"L", "RGB", "CMYK"}:
        return image
    return image.convert("RGB")


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
            pass  # a broken profile costs the exact colours, not the photo
        else:
            return converted or image
    return image.convert("RGB")


def _orientation(image: Image.Image) -> int | None:
    """Return the EXIF orientation, None where it is missing or unreadable."""
    try:
        return image.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # EXIF may contain any garbage, and none of it is worth losing the photo
        return None


def _encode(pixels: Image.Image, task: Task) -> NormalisedPhoto:
    # Encoders copy what they find here: profile, comment, resolution.
    pixels.info = {}
    width, height = pixels.size
    data, extension = b"", "jpg"
    if task.stored_as == "PNG":
        # Photos hardly pack any better above this level, and take three times as long.
        data, extension = _saved(pixels, "PNG", compress_level=1), "png"
    elif task.stored_as:
        data = _saved(pixels, "JPEG", quality=95, subsampling=0)
    pixels.thumbnail((task.thumbnail_side,) * 2, Resampling.LANCZOS)
    thumbnail = _saved(pixels, "JPEG", quality=82)
    return NormalisedPhoto(data, extension, width, height, thumbnail)


def _saved(pixels: Image.Image, name: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    pixels.save(buffer, name, **options)
    return buffer.getvalue()
