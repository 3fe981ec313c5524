"""What requests really cost, and the keys behind webhooks."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from emulators.fal.errors import FalError
from emulators.fal.parts import parts_of
from emulators.fal.records import FalRequest
from emulators.fal.times import iso
from emulators.hosted.records import Json

MAX_NAMED = 50


async def billing_events(request: Request) -> Response:
    """GET /v1/models/billing-events?request_id=: one event per request that was billed."""
    parts = parts_of(request)
    account = parts.accounts.administrator(request.headers)
    given = request.query_params.getlist("request_id")
    names = {name for text in given for name in text.split(",") if name}
    if len(names) > MAX_NAMED:
        raise FalError(422, f"request_id: at most {MAX_NAMED}", "bad_request")
    events = [
        _event(found)
        for found in parts.requests.of(account)
        if found.units and (not names or found.id in names)
    ]
    answer = {"billing_events": events, "next_cursor": None, "has_more": False}
    return JSONResponse(answer)


async def jwks(request: Request) -> Response:
    """GET /.well-known/jwks.json: the public keys, for a day at most."""
    keys = parts_of(request).keys.published()
    return JSONResponse(keys, headers={"Cache-Control": "max-age=86400"})


def _event(found: FalRequest) -> Json:
    return {
        "request_id": found.id,
        "endpoint_id": found.endpoint,
        "timestamp": iso(found.ended_at),
        "output_units": found.units,
        "unit_price": found.unit_usd,
        "percent_discount": 0,
        "cost_total": round(found.usd, 9),
        "cost_estimate_nano_usd": round(found.usd * 1_000_000_000),
    }


routes = [
    Route("/v1/models/billing-events", billing_events, methods=["GET"]),
    Route("/.well-known/jwks.json", jwks, methods=["GET"]),
]
