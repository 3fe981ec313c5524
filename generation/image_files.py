"""Receiving images: read, checked, stored under our own names with a thumbnail."""

from __future__ import annotations

import io
import uuid
from dataclasses import dataclass
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError
from PIL import Image, UnidentifiedImageError

from generation.models import GeneratedImage
from jobs.models import JobQueue
from jobs.work import InvalidResultError
from models_app.models import UserModel
from providers.types import Download

EXTENSIONS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}
MAX_PIXELS = 4096 * 4096
THUMBNAIL_SIDE = 512


@dataclass(frozen=True, slots=True)
class DecodedImage:
    """An image: its own bytes, its true format, its size and a small copy."""

    data: bytes
    extension: str
    width: int
    height: int
    thumbnail: bytes


def read_image(download: Download) -> DecodedImage:
    """Return the downloaded image, checked and decoded. Raises InvalidResultError."""
    data = b"".join(download.chunks)
    if download.size is not None and len(data) != download.size:
        raise InvalidResultError("bad_image", f"{len(data)} of {download.size} bytes arrived")
    try:
        with Image.open(io.BytesIO(data), formats=list(EXTENSIONS)) as image:
            if image.width * image.height > MAX_PIXELS:
                raise InvalidResultError("bad_image", "the image is larger than requested")
            extension = EXTENSIONS[image.format or ""]
            return DecodedImage(data, extension, image.width, image.height, _thumbnail(image))
    except (UnidentifiedImageError, OSError, SyntaxError, KeyError, ValueError) as error:
        raise InvalidResultError("bad_image", "the file is not a complete image") from error


def _thumbnail(image: Image.Image) -> bytes:
    small = image.convert("RGB")
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def store(job: JobQueue, model: UserModel, index: int, decoded: DecodedImage) -> None:
    """Store one image and its row, unless it is stored already."""
    if GeneratedImage.objects.filter(job=job, index=index).exists():
        return
    image_id = uuid.uuid4()
    stem = f"images/{model.pk}/{image_id}"
    names: list[str] = []
    try:
        for name, data in (
            (f"{stem}.{decoded.extension}", decoded.data),
            (f"{stem}.thumb.jpg", decoded.thumbnail),
        ):
            names.append(default_storage.save(name, ContentFile(data)))
        _insert(job, model, index, decoded, image_id, names)
    except (OSError, IntegrityError) as error:
        for name in names:
            default_storage.delete(name)
        is_stored = GeneratedImage.objects.filter(job=job, index=index).exists()
        if isinstance(error, OSError) or not is_stored:
            raise


def _insert(
    job: JobQueue,
    model: UserModel,
    index: int,
    decoded: DecodedImage,
    image_id: uuid.UUID,
    names: list[str],
) -> None:
    payload: dict[str, Any] = job.payload
    GeneratedImage.objects.create(
        id=image_id,
        owner_id=model.owner_id,
        model=model,
        job=job,
        index=index,
        file=names[0],
        thumbnail=names[1],
        width=decoded.width,
        height=decoded.height,
        size=len(decoded.data),
        seed=payload.get("seed"),
        prompt=payload["prompt"],
        settings={
            "ratio": payload["ratio"],
            "strength": payload["strength"],
            "provider": job.provider,
            "typed_prompt": payload["typed_prompt"],
        },
        engine=job.engine,
    )
