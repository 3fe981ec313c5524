"""Simulated pictures: each says in words that it is one."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from trainer.engines.base import ImageRequest, Lora
from trainer.engines.simulated.images import BANNER, render

KINDS = {"jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp"}


def draw(
    prompt: str,
    *,
    model: str,
    size: tuple[int, int],
    seed: int,
    file_format: str,
    loras: tuple[tuple[Path, float], ...] = (),
) -> bytes:
    """Return one picture as the bytes of a file of a format in `KINDS`.

    `loras` are folders that `datasets.read_dataset` filled, each with its strength. Takes time: run
    it in a thread.
    """
    kind = "png" if file_format == "png" else "jpeg"
    used = tuple(Lora(folder, scale) for folder, scale in loras)
    data = render(ImageRequest(model, prompt, *size, seed, kind, used))
    return data if file_format != "webp" else _as_webp(data)


def _as_webp(data: bytes) -> bytes:
    buffer = io.BytesIO()
    with Image.open(io.BytesIO(data)) as picture:
        exif = picture.getexif()
        exif[0x010E] = BANNER.replace("—", "-")  # this EXIF field is ASCII
        picture.save(buffer, "WEBP", quality=80, exif=exif)
    return buffer.getvalue()
