"""The photos as tensors, each in the bucket of its shape."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageCms, ImageOps

from trainer.datasets import examples

# Sides are multiples of this: latents of every family can be cut into their patches.
STEP = 64  # pixels
MAX_PIXELS = 100_000_000
LEAST_SIDE = 256


class PhotoError(Exception):
    """A photo that cannot be trained on; the message names its line."""


@dataclass(frozen=True, slots=True)
class Photo:
    """One photo, upright and in RGB."""

    line: int
    image: Image.Image
    caption: str


def read_photos(path: Path) -> Iterator[Photo]:
    """Yield the photos of a dataset one by one. Raises PhotoError and ExampleError."""
    for example in examples(path):
        yield Photo(example.line, _opened(example.line, example.photo), example.caption)


def bucket_of(width: int, height: int, resolution: int) -> tuple[int, int]:
    """Return width and height to train a photo at: its shape, about `resolution` squared pixels,
    and never larger than the photo."""
    scale = min(1.0, resolution / math.sqrt(width * height))
    sides = (
        max(LEAST_SIDE, math.floor(side * scale / STEP + 0.25) * STEP) for side in (width, height)
    )
    first, second = sides
    return min(first, _floor(width)), min(second, _floor(height))


def pixels_of(image: Image.Image, size: tuple[int, int]) -> torch.Tensor:
    """Return 1 × 3 × height × width values from -1 to 1; what does not fit the shape is cut off
    on both sides."""
    fitted = ImageOps.fit(image, size, Image.Resampling.LANCZOS)
    values = torch.from_numpy(np.asarray(fitted).copy())
    return values.permute(2, 0, 1)[None].float() / 127.5 - 1


def frame_of(image: tuple[int, int], size: tuple[int, int]) -> tuple[int, ...]:
    """Return height and width of a photo, top and left of what `pixels_of` cuts out of it once it
    has been made smaller, and its height and width."""
    (wide, high), (width, height) = image, size
    scale = max(width / wide, height / high)
    top, left = (high * scale - height) / 2, (wide * scale - width) / 2
    return high, wide, round(top), round(left), height, width


def _floor(side: int) -> int:
    return max(STEP, side // STEP * STEP)


def _opened(line: int, data: bytes) -> Image.Image:
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as image:
            if image.width * image.height > MAX_PIXELS:
                raise PhotoError(f"Line {line}: the photo has too many pixels")
            if min(image.size) < LEAST_SIDE:
                raise PhotoError(
                    f"Line {line}: the photo has {image.width} × {image.height} pixels; "
                    f"each side needs {LEAST_SIDE} at the least"
                )
            upright = ImageOps.exif_transpose(image)
            return _on_white(_in_srgb(upright))
    except PhotoError:
        raise
    except Exception as error:  # Pillow's decoders raise whatever a broken file causes
        raise PhotoError(f"Line {line}: the photo cannot be decoded") from error


def _in_srgb(image: Image.Image) -> Image.Image:
    """Return a photo in the colours that its profile means; as it is where that cannot be read."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in {"RGB", "RGBA", "CMYK", "L"}:
        return image
    to_mode = "RGBA" if image.mode == "RGBA" else "RGB"
    try:
        found = ImageCms.profileToProfile(
            image, io.BytesIO(profile), ImageCms.createProfile("sRGB"), outputMode=to_mode
        )
    except (ImageCms.PyCMSError, OSError, ValueError):  # of another kind of colours, or broken
        return image
    return found or image


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits of gray: Pillow would cut them off, not scale them
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if "A" not in image.getbands() and "transparency" not in image.info:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    ground = Image.new("RGBA", layer.size, "white")
    return Image.alpha_composite(ground, layer).convert("RGB")
