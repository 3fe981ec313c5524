"""The base models that are simulated."""

from __future__ import annotations

from trainer.models import BaseModel

BASE_MODELS = {
    model.name: model
    for model in (
        BaseModel("black-forest-labs/FLUX.1-dev", "flux1"),
        BaseModel("black-forest-labs/FLUX.1-schnell", "flux1"),
        BaseModel("black-forest-labs/FLUX.2-dev", "flux2"),
    )
}
# Hidden sizes: the transformer configurations published with diffusers
# (24 heads of 128 for FLUX.1, 48 heads of 128 for FLUX.2-dev).
WIDTHS = {"flux1": 3072, "flux2": 6144}
