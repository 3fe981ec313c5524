"""/v1/images: generating, what was generated, and the images themselves."""

from __future__ import annotations

import base64
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from trainer.bodies import read_body
from trainer.headers import correlation, require_in_time
from trainer.images.bodies import ImageBody
from trainer.images.store import Generation
from trainer.state import base_url, state
from trainer.times import iso


async def generate(request: Request) -> Response:
    """POST /images/generations: answers when the images are generated and stored."""
    require_in_time(request)
    parts = state(request)
    token = correlation(request)
    body = await read_body(request, ImageBody)
    requests = body.requests(parts.runs)
    with parts.images.running(body.model, token) as running:
        images = [await parts.engine.generate(one) for one in requests]
        generation = await parts.images.save(running, body.output_format, images)
    is_url = body.response_format == "url"
    return JSONResponse(
        {
            "id": generation.id,
            "correlation": generation.correlation,
            "model": generation.model,
            "object": "list",
            "data": _urls(generation, base_url(request)) if is_url else _inline(images),
            "engine": parts.engine.name,
            "seed": body.seed,
        }
    )


async def list_generations(request: Request) -> Response:
    """GET /images/generations (ours): what is still kept, to find a lost answer.

    A call that is still running is listed with an empty `data`.
    """
    parts = state(request)
    base = base_url(request)
    data = [
        {
            "id": generation.id,
            "correlation": generation.correlation,
            "created_at": iso(generation.created_at),
            "model": generation.model,
            "engine": parts.engine.name,
            "data": _urls(generation, base),
        }
        for generation in parts.images.all()
    ]
    return JSONResponse({"data": data})


async def image(request: Request) -> Response:
    """GET /images/{id}/{name}: one image."""
    path, kind = state(request).images.path(request.path_params["id"], request.path_params["name"])
    return FileResponse(path, media_type=kind)


def _urls(generation: Generation, base: str) -> list[dict[str, Any]]:
    return [
        {"index": index, "type": "url", "url": f"{base}/v1/images/{generation.id}/{name}"}
        for index, name in enumerate(generation.names)
    ]


def _inline(images: list[bytes]) -> list[dict[str, Any]]:
    return [
        {"index": index, "type": "b64_json", "b64_json": base64.b64encode(data).decode()}
        for index, data in enumerate(images)
    ]


routes = [
    Route("/v1/images/generations", generate, methods=["POST"]),
    Route("/v1/images/generations", list_generations, methods=["GET"]),
    Route("/v1/images/{id}/{name}", image, methods=["GET"]),
]
