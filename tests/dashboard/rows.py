"""Rows that several page tests need."""

from __future__ import annotations

import hashlib
from dataclasses import asdict

from django.core.files.base import ContentFile

from jobs.models import JobEvent, JobQueue, ProviderStatus
from models_app.models import UserModel
from providers.catalog import BASE_MODELS, SDXL
from providers.types import Description
from tests.factories import TrainingImageFactory, UserModelFactory
from trainer.safetensors import Tensor, serialize

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


def unet_weights(rank: int = 4, **metadata: str) -> bytes:
    """A small LoRA of two layers as diffusers names it for Stable Diffusion."""
    tensors = {}
    for at, layer in enumerate(("attn1.to_q", "attn2.to_out.0")):
        name = f"unet.down_blocks.1.attentions.0.transformer_blocks.0.{layer}"
        for part, shape in (("lora_A", (rank, 8)), ("lora_B", (16, rank))):
            numbers = bytes((at * 7 + one) % 60 for one in range(2 * shape[0] * shape[1]))
            tensors[f"{name}.{part}.weight"] = Tensor(shape, numbers)
    return serialize(tensors, metadata)


def stable_diffusion(owner, **fields) -> UserModel:
    """A ready model of SDXL with such weights."""
    data = unet_weights(format="pt")
    sha256 = hashlib.sha256(data).hexdigest()
    fields = {"base_model": SDXL, "weights_sha256": sha256} | fields
    model = UserModelFactory(owner=owner, ready=True, **fields)
    model.weights.save(f"weights/{model.pk}/{sha256}.safetensors", ContentFile(data))
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
