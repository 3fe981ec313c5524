"""The routes under /{owner}/{alias}/requests: other sub-paths of an application have none."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from emulators.fal.errors import FalError, not_found
from emulators.fal.parts import Parts, parts_of
from emulators.fal.queue import answers
from emulators.fal.queue.submit import run, submit
from emulators.fal.records import COMPLETED, FalRequest

STREAM_EVERY = 0.25  # seconds


async def show_status(request: Request) -> Response:
    """GET …/status?logs=1: 202 while it waits or works, 200 once it is over."""
    found, with_logs = _asked(request), _wants_logs(request)
    body = answers.status(parts_of(request), found, with_logs=with_logs)
    code = 200 if found.state == COMPLETED else 202
    return JSONResponse(body, code, headers=answers.id_header(found))


async def stream_status(request: Request) -> Response:
    """GET …/status/stream: the same as server-sent events, until it is over."""
    found = _asked(request)
    events = _events(parts_of(request), found, with_logs=_wants_logs(request))
    return StreamingResponse(events, media_type="text/event-stream")


async def show_result(request: Request) -> Response:
    """GET …/requests/{id}: what the model answered, with its own HTTP status."""
    return answers.result(parts_of(request), _asked(request))


async def cancel(request: Request) -> Response:
    """PUT …/cancel: 202 where it had not ended yet, 400 where it had."""
    parts = parts_of(request)
    try:
        found = _asked(request)
    except FalError as error:
        if error.status != 404:
            raise
        return JSONResponse({"status": "NOT_FOUND"}, 404)
    was_open = await parts.runner.cancel(found)
    word, code = ("CANCELLATION_REQUESTED", 202) if was_open else ("ALREADY_COMPLETED", 400)
    return JSONResponse({"status": word}, code, headers=answers.id_header(found))


def _asked(request: Request) -> FalRequest:
    """Return the request of a path; raise a 404 for another account's or application's."""
    parts, path = parts_of(request), request.path_params
    found = parts.requests.get(parts.accounts.of(request.headers), path["request_id"])
    if found.app != f"{path['owner']}/{path['alias']}":
        raise not_found("Request")
    return found


def _wants_logs(request: Request) -> bool:
    return request.query_params.get("logs", "").lower() in {"1", "true"}


async def _events(parts: Parts, found: FalRequest, *, with_logs: bool) -> AsyncIterator[str]:
    while True:
        is_over = found.state == COMPLETED
        body = answers.status(parts, found, with_logs=with_logs)
        yield f"data: {json.dumps(body)}\n\n"
        if is_over:
            return
        await asyncio.sleep(STREAM_EVERY)


_REQUEST = "/{owner}/{alias}/requests/{request_id}"
routes = [
    Route(_REQUEST + "/status", show_status, methods=["GET"]),
    Route(_REQUEST + "/status/stream", stream_status, methods=["GET"]),
    Route(_REQUEST + "/cancel", cancel, methods=["PUT"]),
    Route(_REQUEST, show_result, methods=["GET"]),
    Route("/run/{endpoint:path}", run, methods=["POST"]),
    Route("/{endpoint:path}", submit, methods=["POST"]),
]
