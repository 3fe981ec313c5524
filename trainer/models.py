"""The base models this service offers: the same for training and for images."""

from __future__ import annotations

from dataclasses import dataclass

MAX_EPOCHS = 1_000
MAX_CHECKPOINTS = 10
MAX_BATCH = 8
MAX_RANK = 128
DEFAULT_RANK = 16
MIN_LEARNING_RATE = 1e-8
MAX_LEARNING_RATE = 0.01


@dataclass(frozen=True, slots=True)
class BaseModel:
    """`family` says which LoRAs fit; `width` is the hidden size of its transformer."""

    name: str
    family: str
    width: int


# Hidden sizes: the transformer configurations published with diffusers
# (24 heads of 128 for FLUX.1, 48 heads of 128 for FLUX.2-dev).
BASE_MODELS = {
    model.name: model
    for model in (
        BaseModel("black-forest-labs/FLUX.1-dev", "flux1", 3072),
        BaseModel("black-forest-labs/FLUX.1-schnell", "flux1", 3072),
        BaseModel("black-forest-labs/FLUX.2-dev", "flux2", 6144),
    )
}
