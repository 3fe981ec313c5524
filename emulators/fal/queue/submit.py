"""POST /{endpoint}: the paid call, by way of the queue or directly."""

from __future__ import annotations

from uuid import uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from emulators.fal.bodies import json_object, origin
from emulators.fal.catalog.checks import findings
from emulators.fal.catalog.endpoints import Endpoint
from emulators.fal.catalog.offered import canonical
from emulators.fal.catalog.openapi import input_schema
from emulators.fal.errors import FalError, invalid, request_error
from emulators.fal.parts import Parts, parts_of
from emulators.fal.queue.answers import id_header, result, status
from emulators.fal.records import FalRequest, Json
from emulators.fal.times import lifecycle
from emulators.hosted.webhooks import may_receive

DIRECT_HOST = "fal.run"
MAX_DIRECT = 40  # direct calls at a time; more are refused


async def submit(request: Request) -> Response:
    """Accept a request into the queue; called by the name fal.run, answer with its result."""
    if request.url.hostname == DIRECT_HOST:
        return await run(request)
    parts = parts_of(request)
    accepted = await _accept(request, is_direct=False)
    return JSONResponse(status(parts, accepted, with_logs=False), headers=id_header(accepted))


async def run(request: Request) -> Response:
    """Accept a request and answer with its result, however long that takes."""
    parts = parts_of(request)
    accepted = await _accept(request, is_direct=True)
    await parts.runner.ended(accepted)
    return result(parts, accepted)


async def _accept(request: Request, *, is_direct: bool) -> FalRequest:
    parts, headers = parts_of(request), request.headers
    account = parts.accounts.customer(headers)
    endpoint = parts.offered.get(request.path_params["endpoint"])
    body = await json_object(request)
    if wrong := findings(body, input_schema(endpoint)):
        raise invalid(wrong)
    _require_room(parts, request, is_direct=is_direct)
    accepted = FalRequest(
        id=str(uuid4()),
        account=account,
        endpoint=endpoint.id,
        input=body,
        values=endpoint_values(endpoint, body),
        unit_usd=endpoint.price.usd,
        created_at=parts.clock.now(),
        seconds=_seconds(parts, endpoint),
        origin=origin(request),
        webhook=_webhook(request),
        is_direct=is_direct,
        stores_io=headers.get("x-fal-store-io", "1") != "0",
        lifecycle=_lifecycle(request),
        start_within=_start_within(request),
    )
    await parts.runner.accept(accepted)
    return accepted


def endpoint_values(endpoint: Endpoint, body: Json) -> Json:
    """Return an accepted input with every default, in the names of the catalog."""
    return canonical(endpoint.filled(body))


def _seconds(parts: Parts, endpoint: Endpoint) -> float:
    options = parts.options
    return options.training_seconds if endpoint.is_trainer else options.picture_seconds


def _webhook(request: Request) -> str:
    address = request.query_params.get("fal_webhook", "")
    if address and not may_receive(address):
        raise FalError(400, "fal_webhook must be an https URL", "bad_request")
    return address


def _lifecycle(request: Request) -> str:
    header = request.headers.get("x-fal-object-lifecycle-preference", "")
    lifecycle(header)  # refused now rather than when the work is done
    return header


def _start_within(request: Request) -> float:
    try:
        return float(request.headers.get("x-fal-request-timeout", "0"))
    except ValueError:
        raise FalError(400, "X-Fal-Request-Timeout must be seconds", "bad_request") from None


def _require_room(parts: Parts, request: Request, *, is_direct: bool) -> None:
    open_ones = [other for other in parts.requests.all() if not other.ended_at]
    if is_direct and sum(other.is_direct for other in open_ones) >= MAX_DIRECT:
        raise request_error("concurrent_requests_limit", "Too many concurrent requests")
    longest = request.query_params.get("fal_max_queue_length", "")
    if longest.isdecimal() and sum(not other.started_at for other in open_ones) > int(longest):
        raise FalError(429, "The queue is longer than fal_max_queue_length")
