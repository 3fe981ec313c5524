"""Rows that several page tests need."""

from __future__ import annotations

from dataclasses import asdict

from django.core.files.base import ContentFile

from jobs.models import JobEvent, JobQueue, ProviderStatus
from models_app.models import UserModel
from providers.catalog import BASE_MODELS
from providers.types import Description
from tests.factories import TrainingImageFactory, UserModelFactory

PICTURES = {
    "prompt": "ann_k1 product, on a boat",
    "typed_prompt": "on a boat",
    "ratio": "1:1",
    "count": 2,
    "seed": 7,
    "strength": 0.9,
}


def describe_local_trainer() -> None:
    """Describe the bundled trainer: it trains and generates everything, simulated."""
    keys = tuple(model.key for model in BASE_MODELS)
    description = Description(True, keys, keys, "simulated", 30.0)
    ProviderStatus.objects.update_or_create(
        provider="local", defaults={"description": asdict(description)}
    )


def stored_model(owner, **fields) -> UserModel:
    """A ready model whose weights lie under their real name, with four photos."""
    model = UserModelFactory(owner=owner, ready=True, **fields)
    name = f"weights/{model.pk}/{model.weights_sha256}.safetensors"
    model.weights.save(name, ContentFile(b"weights"))
    TrainingImageFactory.create_batch(4, model=model)
    return model


def tell_story(job: JobQueue) -> None:
    """Events of every kind."""
    for kind, text, data in (
        ("state", "queued", {}),
        ("state", "running", {}),
        ("note", "4 photos were sent.", {}),
        ("log", "loading the base model", {}),
        ("loss", "", {"points": [[10, 0.41], [20, 0.30], [30, 0.25]]}),
    ):
        JobEvent.objects.create(job=job, kind=kind, text=text, data=data)
