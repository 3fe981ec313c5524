"""/v1/images: drawing, what was drawn, and the pictures themselves."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from trainer.fields import Fields
from trainer.images.store import Drawn
from trainer.images.wishes import PictureWish, read_wish
from trainer.runs.creation import correlation, require_in_time
from trainer.state import base_url, state
from trainer.times import iso


async def generate(request: Request) -> Response:
    """POST /images/generations: answers when the pictures are drawn and stored."""
    require_in_time(request)
    parts = state(request)
    token = correlation(request)
    wish = read_wish(await Fields.of(request), parts.runs)
    with parts.pictures.drawing(wish.request.model, token) as begun:
        pictures = [
            await parts.engine.draw(replace(wish.request, seed=wish.request.seed + index))
            for index in range(wish.count)
        ]
        call = await parts.pictures.keep(begun, wish.request.file_format, pictures)
    return JSONResponse(_answer(call, wish, pictures, base_url(request), parts.engine.name))


async def list_generations(request: Request) -> Response:
    """GET /images/generations (ours): what is still kept, to find a lost answer.

    A call that is still being drawn is listed with an empty `data`.
    """
    parts = state(request)
    base = base_url(request)
    data = [
        {
            "id": call.id,
            "correlation": call.correlation,
            "created_at": iso(call.created_at),
            "model": call.model,
            "engine": parts.engine.name,
            "data": _urls(call, base),
        }
        for call in parts.pictures.all()
    ]
    return JSONResponse({"data": data})


async def picture(request: Request) -> Response:
    """GET /images/{id}/{name}: one picture."""
    path, kind = state(request).pictures.path(
        request.path_params["id"], request.path_params["name"]
    )
    return FileResponse(path, media_type=kind)


def _answer(
    call: Drawn, wish: PictureWish, pictures: list[bytes], base: str, engine: str
) -> dict[str, Any]:
    data = _urls(call, base) if wish.as_url else _inline(pictures)
    return {
        "id": call.id,
        "correlation": call.correlation,
        "model": call.model,
        "object": "list",
        "data": data,
        "engine": engine,
        "seed": wish.request.seed,
    }


def _urls(call: Drawn, base: str) -> list[dict[str, Any]]:
    return [
        {"index": index, "type": "url", "url": f"{base}/v1/images/{call.id}/{name}"}
        for index, name in enumerate(call.names)
    ]


def _inline(pictures: list[bytes]) -> list[dict[str, Any]]:
    return [
        {"index": index, "type": "b64_json", "b64_json": base64.b64encode(picture).decode()}
        for index, picture in enumerate(pictures)
    ]


routes = [
    Route("/v1/images/generations", generate, methods=["POST"]),
    Route("/v1/images/generations", list_generations, methods=["GET"]),
    Route("/v1/images/{id}/{name}", picture, methods=["GET"]),
]
