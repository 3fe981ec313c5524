"""The documents around the queue: published schemas, the catalog, prices, bills."""

from __future__ import annotations

from providers.fal.fields import Json, entries, object_in, text
from providers.types import priced


def published(data: Json) -> tuple[Json, Json] | None:
    """Return (schema of the inputs, named schemas) of an OpenAPI document; None where it has
    none."""
    components = object_in(object_in(data.get("components")).get("schemas"))
    for path in object_in(data.get("paths")).values():
        post = object_in(object_in(path).get("post"))
        content = object_in(object_in(post.get("requestBody")).get("content"))
        schema = object_in(object_in(content.get("application/json")).get("schema"))
        if schema:
            return schema, components
    return None


def is_deprecated(data: Json, endpoint: str) -> bool:
    """Whether the catalog says of an endpoint that it is on its way out."""
    return any(
        str(object_in(item.get("metadata")).get("status", item.get("status"))).lower()
        == "deprecated"
        for item in entries(data)
        if item.get("endpoint_id") == endpoint
    )


def document_of(data: Json, endpoint: str) -> Json:
    """Return the OpenAPI document that the catalog holds for an endpoint; {} where none."""
    for item in entries(data):
        if item.get("endpoint_id") == endpoint:
            return object_in(item.get("openapi") or item.get("openapi-3.0"))
    return {}


def unit_prices(data: Json) -> dict[str, float]:
    """Return prices per billing unit by endpoint and unit. A unit is seldom a step, and may be
    another one tomorrow: compare only."""
    found = {}
    for item in entries(data):
        price, endpoint = item.get("unit_price"), item.get("endpoint_id")
        # Nothing is free there: a price of 0 is one that nobody has entered.
        if isinstance(price, int | float) and price > 0 and isinstance(endpoint, str):
            unit = " ".join(text(item.get(name)) for name in ("currency", "unit"))
            found[priced(endpoint, unit.strip())] = float(price)
    return found


def cost(data: Json) -> float | None:
    """Return the sum of the billing events of one request in US dollars; None where none came."""
    costs = [
        item["cost_total"]
        for item in entries(data)
        if isinstance(item.get("cost_total"), int | float)
    ]
    return float(sum(costs)) if costs else None
