"""Request bodies and addresses."""

from __future__ import annotations

import json
from typing import NoReturn

from starlette.requests import ClientDisconnect, Request

from emulators.fal.catalog.checks import finding
from emulators.fal.errors import FalError, invalid
from emulators.hosted.records import Json

MAX_BYTES = 64 * 1024 * 1024  # inputs may hold data URIs


async def json_object(request: Request) -> Json:
    """Return the JSON object of a request's body; raise a 422 where there is none."""
    try:
        values = json.loads(await _bytes(request) or b"{}", parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise invalid([finding(("body",), "JSON decode error", "json_invalid", {})]) from None
    if not isinstance(values, dict):
        raise invalid([finding(("body",), "Input should be a valid object", "model_type", None)])
    return values


def origin(request: Request) -> str:
    """Return this service's scheme, host and port, as the client called it."""
    return str(request.base_url).rstrip("/")


async def _bytes(request: Request) -> bytes:
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BYTES:
                raise FalError(413, "The body is too large", "bad_request")
    except ClientDisconnect:
        raise FalError(400, "The request ended before its body did", "bad_request") from None
    return bytes(body)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
