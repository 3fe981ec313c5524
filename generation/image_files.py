"""Receiving images: read, checked, stored under our own names with a thumbnail."""

from __future__ import annotations

import io
import uuid
from dataclasses import asdict, dataclass
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError

from generation.models import GeneratedImage
from jobs.models import JobQueue
from jobs.work import InvalidResultError
from models_app.errors import PhotoRefusedError
from models_app.ingest import inspect
from models_app.models import UserModel
from providers.types import Download


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
        picture = inspect(io.BytesIO(data))
    except PhotoRefusedError as error:
        code = "internal" if error.code == "busy" else "bad_image"
        raise InvalidResultError(code, f"the picture is refused: {error.code}") from error
    return DecodedImage(data, **asdict(picture))


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
