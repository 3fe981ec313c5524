"""The body of POST /images/generations. The ranges are the documented ones."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Annotated, Literal
from urllib.parse import parse_qs, urlsplit

from pydantic import Field

from trainer.bodies import Body, ModelName, RequiredText, Text, Unsupported
from trainer.engines.base import Engine, ImageRequest, Lora
from trainer.errors import invalid
from trainer.runs.store import RUN_ID, RunStore

MAX_IMAGES = 4
MAX_LORAS = 2
DOWNLOAD_PATH = "/v1/finetune/download"

Edge = Annotated[int, Field(ge=256, le=1920, multiple_of=8)]  # pixels


class LoraBody(Body):
    """Weights to use: their download address and their strength."""

    path: Annotated[RequiredText, Field(max_length=2000)]
    scale: Annotated[float, Field(ge=0, le=2)]


class ImageBody(Body):
    """What to generate."""

    model: ModelName
    prompt: Annotated[RequiredText, Field(max_length=4000)]
    width: Edge = 1024
    height: Edge = 1024
    # Zero and nothing: what the base model's authors recommend.
    steps: Annotated[int, Field(ge=0, le=50)] = 0
    guidance: Annotated[float, Field(ge=0, le=20)] = 0.0
    negative_prompt: Annotated[Text, Field(max_length=4000)] = ""
    n: Annotated[int, Field(ge=1, le=MAX_IMAGES)] = 1
    seed: Annotated[int, Field(ge=0, lt=2**63, default_factory=lambda: secrets.randbelow(2**31))]
    output_format: Literal["jpeg", "png"] = "jpeg"
    response_format: Literal["url", "base64"] = "url"
    image_loras: Annotated[list[LoraBody], Field(max_length=MAX_LORAS)] = []
    # This trainer generates from text and LoRAs only.
    image_url: Unsupported = None
    reference_images: Unsupported = None

    def requests(self, runs: RunStore, engine: Engine) -> list[ImageRequest]:
        """Return one request per image, each with the next seed.

        Raises a 404 or 400 for weights that cannot be used.
        """
        first = ImageRequest(
            model=self.model,
            prompt=self.prompt,
            width=self.width,
            height=self.height,
            seed=self.seed,
            file_format=self.output_format,
            loras=tuple(_lora(lora, self.model, runs, engine) for lora in self.image_loras),
            steps=self.steps,
            guidance=self.guidance,
            negative_prompt=self.negative_prompt,
        )
        return [replace(first, seed=self.seed + index) for index in range(self.n)]


def _lora(lora: LoraBody, model: str, runs: RunStore, engine: Engine) -> Lora:
    """Find the weights by the run's id in this trainer's own download address."""
    run = runs.get(_own_run_id(lora.path))
    if run.status != "completed":
        raise invalid(f"{run.id} is {run.status}: it has no weights yet.", "image_loras")
    if run.engine != engine.name:
        words = f"{run.id} was made by the engine {run.engine}, and {engine.name} is at work."
        raise invalid(words, "image_loras")
    models = engine.models()
    base = models.get(run.request.model)
    if base is None or base.family != models[model].family:
        raise invalid(f"A LoRA trained on {run.request.model} does not fit {model}.", "image_loras")
    return Lora(runs.folder(run), lora.scale)


def _own_run_id(path: str) -> str:
    try:
        address = urlsplit(path)
        run_id = parse_qs(address.query).get("ft_id", [""])[0]
    except ValueError:
        address, run_id = urlsplit(""), ""
    if address.path != DOWNLOAD_PATH or not RUN_ID.fullmatch(run_id):
        raise invalid("This trainer only generates with its own weights.", "image_loras")
    return run_id
