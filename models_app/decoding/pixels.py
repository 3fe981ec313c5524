"""Turns a photo into the one kind we store: upright, sRGB, eight bits, without alpha.

Runs in a worker only. Its memory is counted beforehand (`shapes/`): every step here keeps at most
one whole picture besides a reduced one, so large ones are converted strip by strip. Formats that
are made of tiles or strips come in bands (`banded.py`), and are never whole at their full size.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import IO, Any

import pyvips
from PIL import Image, ImageFile
from PIL.Image import Resampling

from models_app.coach.measuring import NEAR_SIDE, measure
from models_app.decoding import banded, vips
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
from models_app.decoding.srgb import in_srgb, is_srgb
from models_app.decoding.task import NormalisedPhoto, Task

_STORED_QUALITY, _THUMBNAIL_QUALITY = 95, 82
_SHRINKS = (8, 4, 2)  # by which libjpeg divides the sides while it decodes
_RGB_BANDS = 3
_TURNED = range(2, 9)  # EXIF 2.32, 4.6.4 A, tag Orientation


def normalise(source: IO[bytes], task: Task) -> NormalisedPhoto:
    """Decode and re-encode one photo. Raises whatever a decoder raises."""
    photo, pixels = _of_stored_size(source, task)
    pixels, is_converted = _in_srgb(pixels, photo.profile)
    pixels = vips.upright(pixels, photo.orientation)
    if task.crop:
        pixels = vips.part(pixels, *task.crop)
    return _encode(pixels, task, tuple(_changes(photo, task, is_converted=is_converted)))


def _changes(photo: Opened, task: Task, *, is_converted: bool) -> Iterator[str]:
    """Yield what was done to a photo, in the words of `models_app.changes`."""
    facts = {
        "first": MORE in photo.found,
        "turned": photo.orientation in _TURNED,
        "location": LOCATION in photo.found,
        "details": DETAILS in photo.found,
        "colours": is_converted,
        "white": TRANSPARENCY in photo.found,
        "smaller": max(photo.width, photo.height) > task.stored_side,
        "jpeg": task.decoder not in {"JPEG", task.stored_as},
    }
    yield from (change for change, is_so in facts.items() if is_so)


def _of_stored_size(source: IO[bytes], task: Task) -> tuple[Opened, pyvips.Image]:
    """Return what is known of the photo, and its picture: opaque, eight bits, small enough."""
    if banded.comes_in_bands(task.decoder):
        photo = banded.opened(source, task.decoder)
        _check_size(photo.width, photo.height, task)
        factor = max(1, max(photo.width, photo.height) // task.near_side)
        return photo, _fitted(reduced(photo.bands, photo.width, photo.height, factor), task)
    photo, pixels = _opened(source, task)
    if isinstance(pixels, Image.Image):
        pixels = _fitted(_reduced(pixels, task), task)
    return photo, pixels


def _opened(source: IO[bytes], task: Task) -> tuple[Opened, Image.Image | pyvips.Image]:
    """Return what is known of the photo, and its first frame; when this returns, nothing else of
    it is in memory."""
    with opened(source, task.decoder) as image:
        _check_size(*image.size, task)
        if task.decoder == "JPEG" and image.mode == "RGB" and max(image.size) > task.stored_side:
            return _streamed(source, image, task)
        return _decoded(image, task)


def _fitted(image: Image.Image, task: Task) -> pyvips.Image:
    image.thumbnail((task.stored_side,) * 2, Resampling.LANCZOS, reducing_gap=None)
    return vips.from_pillow(image)


def _streamed(
    source: IO[bytes], image: ImageFile.ImageFile, task: Task
) -> tuple[Opened, pyvips.Image]:
    """Return a large JPEG, of which Pillow has read the notes; it is never whole in memory."""
    profile, orientation, found = _notes(image)
    photo = Opened(*image.size, (), profile, orientation, found)
    # A fraction of the size is enough, and takes a fraction of time.
    shrink = next((one for one in _SHRINKS if max(image.size) >= one * task.near_side), 1)
    return photo, vips.read_jpeg(source, shrink, task.stored_side)


def _check_size(width: int, height: int, task: Task) -> None:
    if width * height > task.pixels:
        raise ValueError("the decoder reads another size than we did")


def _decoded(image: ImageFile.ImageFile, task: Task) -> tuple[Opened, Image.Image]:
    """Return what is known of the photo, and its first frame."""
    size = image.size
    if task.decoder == "JPEG":
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


def _in_srgb(pixels: pyvips.Image, profile: bytes | None) -> tuple[pyvips.Image, bool]:
    """Return the picture in sRGB, and whether its colours had to be converted."""
    if pixels.bands == _RGB_BANDS and is_srgb(profile):
        return pixels, False
    image, is_converted = in_srgb(vips.to_pillow(pixels), profile)
    return vips.from_pillow(image), is_converted


def _encode(pixels: pyvips.Image, task: Task, changes: tuple[str, ...]) -> NormalisedPhoto:
    near = vips.divided(pixels, NEAR_SIDE)
    measures = _measures(near, task)
    data, extension = b"", "jpg"
    if task.stored_as == "PNG":
        data, extension = _as_png(pixels), "png"
    elif task.stored_as:
        data = vips.as_jpeg(pixels, _STORED_QUALITY, full_colour=True)
    thumbnail = vips.as_jpeg(vips.fitted(near, task.thumbnail_side), _THUMBNAIL_QUALITY)
    size = pixels.width, pixels.height
    return NormalisedPhoto(data, extension, *size, thumbnail, changes, measures)


def _measures(pixels: pyvips.Image, task: Task) -> dict[str, Any] | None:
    if not task.stored_as:
        return None
    try:
        return measure(vips.to_pillow(pixels))
    except Exception:  # advice is not worth losing the photo
        return None


def _as_png(pixels: pyvips.Image) -> bytes:
    # By Pillow: libvips notes a resolution.
    buffer = io.BytesIO()
    # Photos hardly pack any better above this level, and take three times as long.
    vips.to_pillow(pixels).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
