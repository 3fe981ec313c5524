"""What a request makes: weights or pictures, as files of the host and as the result's JSON."""

from __future__ import annotations

import base64
import json
import random
from pathlib import Path
from typing import Any

from emulators.fal.catalog.endpoints import Endpoint, size_of
from emulators.fal.catalog.openapi import NOTE
from emulators.fal.records import FalRequest
from emulators.fal.storage.files import Files, file_value
from emulators.fal.times import lifecycle
from emulators.fal.work.loras import Lora
from emulators.hosted.pictures import KINDS, draw
from emulators.hosted.records import Json
from emulators.hosted.weights import lora
from trainer.threads import in_thread

OUTPUT_LIFETIME = 7 * 86_400.0  # seconds, where the submit says nothing
# Hidden sizes of the transformers; what is not listed has the one of FLUX.1.
WIDTHS = {"flux2-dev": 6144, "flux2-klein-9b": 4096, "zimage": 3840, "zimage-turbo": 3840}
WIDTH = 3072


async def train(request: FalRequest, endpoint: Endpoint, files: Files, values: Json) -> Json:
    """Keep the weights of a training and its settings; return the result."""
    facts = {
        "run_id": request.id,
        "base_family": endpoint.family,
        "trainer": endpoint.id,
        "steps": str(values["steps"]),
    }
    width = WIDTHS.get(endpoint.family, WIDTH)
    weights = await in_thread(lora, request.id, width, facts)
    config = json.dumps({**facts, "note": NOTE, "input": values}, indent=2).encode()
    name, kind = "pytorch_lora_weights.safetensors", "application/octet-stream"
    return {
        endpoint.result_field: await _keep(request, files, name, kind, weights),
        "config_file": await _keep(request, files, "config.json", "application/json", config),
    }


async def draw_pictures(
    request: FalRequest,
    endpoint: Endpoint,
    files: Files,
    values: Json,
    loras: tuple[Lora, ...],
    *,
    is_withheld: bool,
) -> Json:
    """Draw and keep the pictures of a request; return the result."""
    seed = values.get("seed")
    if seed is None:
        seed = random.Random(request.id).randrange(2**31)  # noqa: S311 - no secret
    images = [
        await _picture(request, endpoint, files, values, loras, seed + number)
        for number in range(int(values["num_images"]))
    ]
    return {
        "images": images,
        "timings": {"inference": request.seconds},
        "seed": seed,
        "has_nsfw_concepts": [is_withheld] * len(images),
        "prompt": values["prompt"],
    }


async def _picture(
    request: FalRequest,
    endpoint: Endpoint,
    files: Files,
    values: Json,
    loras: tuple[Lora, ...],
    seed: int,
) -> Json:
    size, file_format = size_of(values), values["output_format"]
    options: dict[str, Any] = {"model": endpoint.id, "size": size, "seed": seed}
    data = await in_thread(draw, values["prompt"], file_format=file_format, loras=loras, **options)
    kind = KINDS[file_format]
    measures = {"width": size[0], "height": size[1]}
    if values["sync_mode"]:
        url = f"data:{kind};base64,{base64.b64encode(data).decode()}"
        return {"url": url, "content_type": kind, **measures}
    name = f"{seed}.{file_format}"
    return await _keep(request, files, name, kind, data) | measures


async def _keep(request: FalRequest, files: Files, name: str, kind: str, data: bytes) -> Json:
    # The header was read when the request was accepted: it cannot be refused now.
    lifetime, acl = lifecycle(request.lifecycle) if request.lifecycle else (OUTPUT_LIFETIME, {})
    document = files.new(
        request.account, name, kind, lifetime=lifetime, acl=acl, request_id=request.id
    )
    await files.add(document, data)
    return file_value(request.origin, document)


def colours_of(folder: Path, request: FalRequest) -> Path:
    """Return the folder where the colours of a training's photos are."""
    return folder / request.id
