"""/v1/images: generating, what was generated, and the images themselves."""

from __future__ import annotations

import base64
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from trainer.bodies import read_body
from trainer.engines.base import Engine, EngineBusyError, GenerationError, ImageRequest
from trainer.errors import ApiError
from trainer.headers import correlation, require_in_time
from trainer.images.bodies import ImageBody
from trainer.images.store import KEPT_SECONDS, Generation
from trainer.state import base_url, offered, state
from trainer.times import iso


async def generate(request: Request) -> Response:
    """POST /images/generations: answers when the images are generated and stored."""
    require_in_time(request)
    parts = state(request)
    token = correlation(request)
    body = await read_body(request, ImageBody)
    offered(request, body.model)
    requests = body.requests(parts.runs, parts.engine)
    with parts.images.running(body.model, token) as running:
        images = [await _generated(parts.engine, one) for one in requests]
        generation = await parts.images.save(running, body.output_format, images)
    answer = _answer(generation, parts.engine.name, base_url(request)) | {"seed": body.seed}
    return JSONResponse(answer if body.response_format == "url" else answer | _inline(images))


async def _generated(engine: Engine, request: ImageRequest) -> bytes:
    try:
        return await engine.generate(request)
    except EngineBusyError as error:
        raise ApiError(
            503,
            str(error),
            code="engine_busy",
            kind="server_error",
            retry_after=error.seconds,
        ) from error
    except GenerationError as error:
        raise ApiError(500, str(error), code="not_generated", kind="server_error") from error


async def list_generations(request: Request) -> Response:
    """GET /images/generations (ours): what is still kept, to find a lost answer.

    A call that is still running is listed with an empty `data`. What was made before
    `complete_since` may be gone.
    """
    parts, base = state(request), base_url(request)
    since = iso(time.time() - KEPT_SECONDS)
    answers = [_answer(one, parts.engine.name, base) for one in parts.images.all()]
    return JSONResponse({"data": answers, "complete_since": since})


async def image(request: Request) -> Response:
    """GET /images/{id}/{name}: one image."""
    path, kind = state(request).images.path(request.path_params["id"], request.path_params["name"])
    return FileResponse(path, media_type=kind)


async def delete(request: Request) -> Response:
    """DELETE /images/generations/{id} (ours): they go before their day is over."""
    generation_id = request.path_params["id"]
    await state(request).images.delete(generation_id)
    return JSONResponse({"id": generation_id, "deleted": True})


def _answer(generation: Generation, engine: str, base: str) -> dict[str, Any]:
    return {
        "id": generation.id,
        "correlation": generation.correlation,
        "created_at": iso(generation.created_at),
        "model": generation.model,
        "object": "list",
        "data": [
            {"index": index, "type": "url", "url": f"{base}/v1/images/{generation.id}/{name}"}
            for index, name in enumerate(generation.names)
        ],
        "engine": engine,
    }


def _inline(images: list[bytes]) -> dict[str, Any]:
    texts = (base64.b64encode(image).decode() for image in images)
    items = [
        {"index": index, "type": "b64_json", "b64_json": text} for index, text in enumerate(texts)
    ]
    return {"data": items}


routes = [
    Route("/v1/images/generations", generate, methods=["POST"]),
    Route("/v1/images/generations", list_generations, methods=["GET"]),
    Route("/v1/images/generations/{id}", delete, methods=["DELETE"]),
    Route("/v1/images/{id}/{name}", image, methods=["GET"]),
]
