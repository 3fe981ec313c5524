"""Storing images under our own names, with a thumbnail."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError

from generation.models import GeneratedImage
from jobs.models import JobQueue
from jobs.pictures import DecodedImage, read_image as read_image
from models_app.models import UserModel


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
            **payload.get("details", {}),
        },
        engine=job.engine,
    )
