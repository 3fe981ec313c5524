"""Reads the photos of a run and keeps their colours to generate with: no photo, nobody's face."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from pathlib import Path

from PIL import Image, ImageOps

from trainer import disk
from trainer.datasets import Example, ExampleError, examples
from trainer.engines.base import TrainingError

COLOURS = "colours.json"
MAX_KEPT = 12  # photos
# So many mean colours per edge of a photo: enough for a mood, too few for a likeness.
SWATCH_EDGE = 4
DECODED_EDGE = 64  # pixels
MAX_PIXELS = 100_000_000


def read_photos(folder: Path) -> None:
    """Decode every photo of `folder/dataset.jsonl` and write `folder/colours.json`.

    Does nothing where an earlier process has done it. Raises TrainingError naming the line
    where a photo cannot be decoded.
    """
    if (folder / COLOURS).exists():
        return
    try:
        found = examples(folder / "dataset.jsonl")
        keep_colours(folder, (_decode(example) for example in found))
    except ExampleError as error:
        raise TrainingError(f"Invalid dataset. {error}") from error
    except FileNotFoundError as error:
        raise TrainingError("The photos of this run are missing") from error


def keep_colours(folder: Path, photos: Iterable[Image.Image]) -> None:
    """Go through all photos and write `folder/colours.json` of the first ones."""
    kept = [_colours(photo) if number < MAX_KEPT else [] for number, photo in enumerate(photos)]
    disk.write_bytes(folder / COLOURS, json.dumps(kept[:MAX_KEPT]).encode())


def kept_swatches(folder: Path) -> list[Image.Image]:
    """Return the colours of a run's photos in the order of the dataset, each as a tiny image."""
    try:
        kept: list[list[int]] = json.loads((folder / COLOURS).read_bytes())
    except FileNotFoundError:
        return []
    size = (SWATCH_EDGE, SWATCH_EDGE)
    return [Image.frombytes("RGB", size, bytes(colours)) for colours in kept]


def _colours(photo: Image.Image) -> list[int]:
    return list(photo.resize((SWATCH_EDGE, SWATCH_EDGE), Image.Resampling.BOX).tobytes())


def decode(photo: bytes) -> Image.Image:
    """Return a photo upright and not larger than needed; raise whatever Pillow's decoders raise."""
    with Image.open(io.BytesIO(photo), formats=("JPEG", "PNG", "WEBP")) as image:
        if image.width * image.height > MAX_PIXELS:
            raise ValueError("the photo has too many pixels")
        # JPEG decodes at a fraction of its size where that is enough: several times faster.
        image.draft("RGB", (DECODED_EDGE, DECODED_EDGE))
        return ImageOps.exif_transpose(image).convert("RGB")


def _decode(example: Example) -> Image.Image:
    try:
        return decode(example.photo)
    except Exception as error:
        # Pillow's decoders raise whatever a broken file happens to cause.
        raise ExampleError(example.line, "the photo cannot be decoded") from error
