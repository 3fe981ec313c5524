"""Turns a photo into the one kind we store: upright, sRGB, eight bits, without alpha.

Runs in a worker only. Its memory is counted beforehand (`shapes/`): every step here keeps at most
one whole picture besides a reduced one, so large ones are converted strip by strip. Formats that
are made of tiles or strips come in bands (`banded.py`), and are never whole at their full size.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import IO

from PIL import Image, ImageFile
from PIL.Image import Resampling, Transpose

from models_app.decoding import banded
from models_app.decoding.bands import STRIP_ROWS, reduced, strips
from models_app.decoding.colours import profile_of_png
from models_app.decoding.metadata import opened
from models_app.decoding.notes import (
    DETAILS,
    LOCATION,
    MORE,
    TRANSPARENCY,
    found_in,
    orientation_of,
    profile_named_in,
    xmp_of,
)
from models_app.decoding.opened import Opened
from models_app.decoding.plain import in_eight_bits, is_plain, opaque
from models_app.decoding.srgb import in_srgb
from models_app.decoding.task import NormalisedPhoto, Task

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
    photo, pixels = _near_its_size(source, task)
    pixels.thumbnail((task.stored_side,) * 2, Resampling.LANCZOS, reducing_gap=None)
    pixels, is_converted = in_srgb(pixels, photo.profile)
    if photo.orientation in _UPRIGHT:
        pixels = pixels.transpose(_UPRIGHT[photo.orientation])
    if task.crop:
        pixels = _part(pixels, *task.crop)
    return _encode(pixels, task, tuple(_changes(photo, task, is_converted=is_converted)))


def _changes(photo: Opened, task: Task, *, is_converted: bool) -> Iterator[str]:
    """Yield what was done to a photo, in the words of `models_app.changes`."""
    facts = {
        "first": MORE in photo.found,
        "turned": photo.orientation in _UPRIGHT,
        "location": LOCATION in photo.found,
        "details": DETAILS in photo.found,
        "colours": is_converted,
        "white": TRANSPARENCY in photo.found,
        "smaller": max(photo.width, photo.height) > task.stored_side,
        "jpeg": task.decoder not in {"JPEG", task.stored_as},
    }
    yield from (change for change, is_so in facts.items() if is_so)


def _near_its_size(source: IO[bytes], task: Task) -> tuple[Opened, Image.Image]:
    """Return what is known of the photo, and its picture: opaque, eight bits, small enough."""
    if not banded.comes_in_bands(task.decoder):
        photo, image = _opened(source, task)
        return photo, _reduced(image, task)
    photo = banded.opened(source, task.decoder)
    _check_size(photo.width, photo.height, task)
    factor = max(1, max(photo.width, photo.height) // task.near_side)
    return photo, reduced(photo.bands, photo.width, photo.height, factor)


def _check_size(width: int, height: int, task: Task) -> None:
    if width * height > task.pixels:
        raise ValueError("the decoder reads another size than we did")


def _opened(source: IO[bytes], task: Task) -> tuple[Opened, Image.Image]:
    """Return what is known of the photo, and its first frame."""
    with opened(source, task.decoder) as image:
        size = image.size
        _check_size(*size, task)
        if task.decoder == "JPEG":
            # A fraction of the size is enough, and takes a fraction of time and memory.
            scale = task.near_side / max(size)
            image.draft(None, (int(image.width * scale), int(image.height * scale)))
        image.load()
        # A PNG may have its profile and orientation after the pixels, so read them last.
        profile, orientation, found = _notes(image)
        photo = Opened(*size, (), profile, orientation, found)
        # The same pixels, without the file and the decoder's own copies of them.
        return photo, image._new(image.im)


def _notes(image: ImageFile.ImageFile) -> tuple[bytes | None, int | None, frozenset[str]]:
    """Return the colour profile, the orientation, and what else the file tells."""
    exif = _exif(image)
    found = set(found_in(exif, xmp_of(image.info)))
    if getattr(image, "is_animated", False):
        found.add(MORE)
    if image.has_transparency_data:
        found.add(TRANSPARENCY)
    profile = profile_of_png(image.info) or image.info.get("icc_profile") or profile_named_in(exif)
    return profile, orientation_of(exif), frozenset(found)


def _exif(image: Image.Image) -> Image.Exif:
    try:
        return image.getexif()
    except Exception:  # EXIF may contain any garbage, and none of it is worth losing the photo
        return Image.Exif()


def _reduced(image: Image.Image, task: Task) -> Image.Image:
    """Return the picture opaque in eight bits, a large one with its sides divided."""
    plain = is_plain(image)
    # What is not plain is copied on the way, so less of it is kept.
    factor = max(image.size) // (task.near_side if plain else task.stored_side)
    if plain and factor < 2:
        return image
    factor = max(1, factor)
    bands = (opaque(in_eight_bits(strip)) for strip in strips(image, STRIP_ROWS * factor))
    return reduced(bands, *image.size, factor)


def _part(pixels: Image.Image, left: int, upper: int, right: int, lower: int) -> Image.Image:
    # Pillow would put black where there is no picture.
    if not (0 <= left < right <= pixels.width and 0 <= upper < lower <= pixels.height):
        raise ValueError("the picture is smaller than the part of it")
    return pixels.crop((left, upper, right, lower))


def _encode(pixels: Image.Image, task: Task, changes: tuple[str, ...]) -> NormalisedPhoto:
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
    return NormalisedPhoto(data, extension, width, height, thumbnail, changes)


def _saved(pixels: Image.Image, name: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    pixels.save(buffer, name, **options)
    return buffer.getvalue()
