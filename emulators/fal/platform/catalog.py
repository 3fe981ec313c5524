"""What is offered, with schemas and prices."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from emulators.fal.bodies import json_object
from emulators.fal.catalog.endpoints import Endpoint
from emulators.fal.catalog.openapi import NOTE, document
from emulators.fal.errors import FalError
from emulators.fal.parts import parts_of
from emulators.hosted.records import Json

READ_ON = "2026-11-25T00:00:00Z"  # the day of the facts behind the catalog


async def schema(request: Request) -> Response:
    """GET /api/openapi/queue/openapi.json?endpoint_id=: public."""
    offered = parts_of(request).offered
    return JSONResponse(document(offered.get(request.query_params.get("endpoint_id", ""))))


async def models(request: Request) -> Response:
    """GET /v1/models: found by id, by words of their title, by category or status."""
    query = request.query_params
    names, words = _names(request), query.get("q", "").lower().split()
    found = [
        endpoint
        for endpoint in parts_of(request).offered.all()
        if (not names or endpoint.id in names)
        and all(word in f"{endpoint.title} {endpoint.id}".lower() for word in words)
        and query.get("category", endpoint.category) == endpoint.category
        and query.get("status", _status(endpoint)) == _status(endpoint)
    ]
    if names and not found:
        raise FalError(404, "None of these models was found", "not_found")
    with_schema = "openapi-3.0" in query.getlist("expand")
    listed = [_model(endpoint, with_schema=with_schema) for endpoint in found]
    return JSONResponse({"models": listed, "next_cursor": None, "has_more": False})


async def pricing(request: Request) -> Response:
    """GET /v1/models/pricing?endpoint_id=: the price of a billing unit, which is seldom a step."""
    parts = parts_of(request)
    parts.accounts.of(request.headers)
    prices = [
        {
            "endpoint_id": endpoint.id,
            "unit_price": endpoint.price.usd,
            "unit": endpoint.price.unit,
            "currency": "USD",
        }
        for endpoint in (parts.offered.get(name) for name in _names(request))
    ]
    return JSONResponse({"prices": prices, "next_cursor": None, "has_more": False})


async def estimate(request: Request) -> Response:
    """POST /v1/models/pricing/estimate: for so many billing units, or so many usual calls."""
    parts = parts_of(request)
    parts.accounts.of(request.headers)
    body = await json_object(request)
    kind, quantities = body.get("estimate_type"), body.get("endpoints")
    if kind not in {"unit_price", "historical_api_price"} or not isinstance(quantities, dict):
        raise FalError(422, "estimate_type or endpoints are not understood", "bad_request")
    total = sum(
        _cost(parts.offered.get(name), kind, quantity) for name, quantity in quantities.items()
    )
    return JSONResponse({"estimate_type": kind, "total_cost": round(total, 6), "currency": "USD"})


async def meta(request: Request) -> Response:
    """GET /v1/meta: where webhooks come from."""
    return JSONResponse({"webhook_ip_ranges": ["127.0.0.1/32"], "note": NOTE})


def _cost(endpoint: Endpoint, kind: str, quantity: Json) -> float:
    name = "unit_quantity" if kind == "unit_price" else "call_quantity"
    amount = quantity.get(name) if isinstance(quantity, dict) else None
    if isinstance(amount, bool) or not isinstance(amount, int | float) or amount < 0:
        raise FalError(422, f"{name} must be a number", "bad_request")
    units = 1.0 if kind == "unit_price" else endpoint.units(endpoint.filled({}))
    return endpoint.price.usd * units * amount


def _model(endpoint: Endpoint, *, with_schema: bool) -> Json:
    model: Json = {
        "endpoint_id": endpoint.id,
        "metadata": {
            "display_name": endpoint.title,
            "category": endpoint.category,
            "description": f"{endpoint.title}. {NOTE}",
            "status": _status(endpoint),
            "updated_at": READ_ON,
            "is_favorited": None,
        },
    }
    return model | ({"openapi": document(endpoint)} if with_schema else {})


def _status(endpoint: Endpoint) -> str:
    return "deprecated" if endpoint.is_deprecated else "active"


def _names(request: Request) -> list[str]:
    given = request.query_params.getlist("endpoint_id")
    return [name for text in given for name in text.split(",") if name]


routes = [
    Route("/api/openapi/queue/openapi.json", schema, methods=["GET"]),
    Route("/v1/models", models, methods=["GET"]),
    Route("/v1/models/pricing", pricing, methods=["GET"]),
    Route("/v1/models/pricing/estimate", estimate, methods=["POST"]),
    Route("/v1/meta", meta, methods=["GET"]),
]
