"""Requests and photos that every provider's tests share."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

from PIL import Image

from providers.catalog import FLUX2_DEV
from providers.types import GenerationRequest, Lora, Photo, TrainingRequest

KEY = "sk-test-0123456789abcdef"
CORRELATION = "tw-0123456789abcdef0123456789abcdef"


def training_request(**changes: Any) -> TrainingRequest:
    request = TrainingRequest(
        correlation=CORRELATION,
        base_model=FLUX2_DEV,
        dataset="file-3f0c",
        trigger_word="ann_k7",
        general_caption="photo of ann_k7",
        subject="person",
        epochs=100,
        learning_rate=0.0002,
        batch_size=1,
        resolution=1024,
        photo_count=5,
        steps=500,
        rank=16,
    )
    return replace(request, **changes)


def generation_request(**changes: Any) -> GenerationRequest:
    request = GenerationRequest(
        correlation=CORRELATION,
        base_model=FLUX2_DEV,
        prompt="photo of ann_k7 person in a cafe",
        width=1024,
        height=768,
        count=1,
        seed=7,
        lora=Lora("https://media.example.com/loras/a1.safetensors", 0.9),
    )
    return replace(request, **changes)


def photos(count: int = 4) -> list[Photo]:
    """Return real JPEGs of different colours."""
    colours = ("teal", "maroon", "navy", "olive", "purple", "gray")
    return [photo(jpeg(colours[number % len(colours)]), number + 1) for number in range(count)]


def jpeg(colour: str = "teal") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(buffer, "JPEG")
    return buffer.getvalue()


def photo(data: bytes, number: int = 1, caption: str = "photo of ann_k7 person") -> Photo:
    return Photo(f"{number:03}.jpg", "image/jpeg", caption, lambda: io.BytesIO(data))
