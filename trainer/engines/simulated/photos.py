"""Reads the photos of a run and keeps small copies to generate with."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

from PIL import Image, ImageOps

from trainer.datasets import Example, ExampleError, examples
from trainer.engines.base import TrainingError

MAX_KEPT = 12
MAX_KEPT_EDGE = 960  # pixels
MAX_PIXELS = 100_000_000


def read_photos(folder: Path) -> None:
    """Decode every photo of `folder/dataset.jsonl` and fill `folder/photos`.

    Does nothing where an earlier process has done it. Raises TrainingError naming the line
    where a photo cannot be decoded.
    """
    if (folder / "photos").exists():
        return
    draft = folder / ".photos"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    try:
        for number, example in enumerate(examples(folder / "dataset.jsonl")):
            photo = _decode(example)
            if number < MAX_KEPT:
                photo.save(draft / f"{number:02}.jpg", quality=88)
    except ExampleError as error:
        raise TrainingError(f"Invalid dataset. {error}") from error
    except FileNotFoundError as error:
        raise TrainingError("The photos of this run are missing") from error
    draft.rename(folder / "photos")


def kept_photos(folder: Path) -> list[Path]:
    """Return the small copies of a run's photos, in the order of the dataset."""
    return sorted((folder / "photos").glob("*.jpg"))


def _decode(example: Example) -> Image.Image:
    try:
        with Image.open(io.BytesIO(example.photo), formats=("JPEG", "PNG", "WEBP")) as photo:
            if photo.width * photo.height > MAX_PIXELS:
                raise ExampleError(example.line, "the photo has too many pixels")
            # JPEG decodes at a fraction of its size where that is enough: several times faster.
            photo.draft("RGB", (MAX_KEPT_EDGE, MAX_KEPT_EDGE))
            upright = ImageOps.exif_transpose(photo).convert("RGB")
    except ExampleError:
        raise
    except Exception as error:
        # Pillow's decoders raise whatever a broken file happens to cause.
        raise ExampleError(example.line, "the photo cannot be decoded") from error
    upright.thumbnail((MAX_KEPT_EDGE, MAX_KEPT_EDGE))
    return upright
