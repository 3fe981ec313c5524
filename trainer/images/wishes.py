"""Reads POST /images/generations: what to draw, or by name what is wrong."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from trainer.engines.base import Lora, PictureRequest
from trainer.errors import invalid
from trainer.fields import Fields
from trainer.models import BASE_MODELS
from trainer.runs.creation import read_model
from trainer.runs.store import RUN_ID, RunStore

SMALLEST, LARGEST = 256, 1920
MOST_PICTURES = 4
MOST_LORAS = 2
DOWNLOAD_PATH = "/v1/finetune/download"


@dataclass(frozen=True, slots=True)
class PictureWish:
    """What one call asks for."""

    request: PictureRequest  # the first picture; the others count the seed up
    count: int
    as_url: bool


def read_wish(fields: Fields, runs: RunStore) -> PictureWish:
    """Turn the documented fields into a wish; the ranges are the documented ones."""
    if fields.raw("image_url") or fields.raw("reference_images"):
        raise invalid("This trainer draws from words and LoRAs only.", "reference_images")
    model = read_model(fields)
    request = PictureRequest(
        model=model,
        prompt=fields.text("prompt", longest=4000),
        width=_edge(fields, "width"),
        height=_edge(fields, "height"),
        seed=fields.integer("seed", secrets.randbelow(2**31), low=0, high=2**63 - 1),
        file_format=fields.word("output_format", ("jpeg", "png"), "jpeg"),
        loras=tuple(
            _lora(item, model, runs) for item in fields.items("image_loras", most=MOST_LORAS)
        ),
    )
    fields.integer("steps", 20, low=1, high=50)
    return PictureWish(
        request=request,
        count=fields.integer("n", 1, low=1, high=MOST_PICTURES),
        as_url=fields.word("response_format", ("url", "base64"), "url") == "url",
    )


def _edge(fields: Fields, name: str) -> int:
    edge = fields.integer(name, 1024, low=SMALLEST, high=LARGEST)
    if edge % 8:
        raise invalid(f"{name} must be a multiple of 8.", name)
    return edge


def _lora(item: Fields, model: str, runs: RunStore) -> Lora:
    """Find the weights by the run's id in this trainer's own download address."""
    scale = item.number("scale", None, low=0.0, high=2.0)
    run_id = _own_run_id(item.text("path", longest=2000))
    run = runs.get(run_id)
    if run.status != "completed":
        raise invalid(f"{run.id} is {run.status}: it has no weights to draw with.", "image_loras")
    if BASE_MODELS[run.wish.model].family != BASE_MODELS[model].family:
        raise invalid(f"A LoRA trained on {run.wish.model} does not fit {model}.", "image_loras")
    return Lora(run, runs.folder(run), scale)


def _own_run_id(path: str) -> str:
    try:
        address = urlsplit(path)
        run_id = parse_qs(address.query).get("ft_id", [""])[0]
    except ValueError:
        address, run_id = urlsplit(""), ""
    if address.path != DOWNLOAD_PATH or not RUN_ID.fullmatch(run_id):
        raise invalid("The simulated trainer only draws with its own weights.", "image_loras")
    return run_id
