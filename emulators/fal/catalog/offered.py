"""What is offered now: the catalog, as the rules of the moment have changed it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from emulators.fal.behaviour import CHANGED_PRICE, CHANGED_SCHEMA, GONE
from emulators.fal.catalog.endpoints import Endpoint, Json
from emulators.fal.catalog.runners import RUNNERS
from emulators.fal.catalog.trainers import TRAINERS
from emulators.fal.errors import FalError
from emulators.faults.plan import Plan

RENAMED = "_v2"  # what a changed schema adds to a name
CATALOG = {endpoint.id: endpoint for endpoint in (*TRAINERS, *RUNNERS)}


class Offered:
    """The endpoints that exist now, with the names and prices they have now."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    def all(self) -> Iterator[Endpoint]:
        """Return every endpoint that has not vanished."""
        return (found for name in CATALOG if (found := self.find(name)))

    def get(self, endpoint_id: str) -> Endpoint:
        """Return one endpoint; raise a 404 where there is none (any more)."""
        if found := self.find(endpoint_id):
            return found
        raise FalError(404, f"Application {endpoint_id[:100]!r} not found")

    def find(self, endpoint_id: str) -> Endpoint | None:
        """Return one endpoint, None where there is none (any more)."""
        endpoint, subject = CATALOG.get(endpoint_id), f"{endpoint_id}:"
        if endpoint is None or self._plan.befalls(GONE, subject):
            return None
        if self._plan.befalls(CHANGED_SCHEMA, subject):
            endpoint = _renamed(endpoint)
        if self._plan.befalls(CHANGED_PRICE, subject):
            price = endpoint.price
            endpoint = replace(endpoint, price=replace(price, usd=2 * price.usd))
        return endpoint


def canonical(values: Json) -> Json:
    """Return an input with the names that the catalog knows, whatever a rule has renamed."""
    return {name.removesuffix(RENAMED): value for name, value in values.items()}


def _renamed(endpoint: Endpoint) -> Endpoint:
    """Return the endpoint with another name for its first required input."""
    old = endpoint.required[0]
    names = {old: f"{old}{RENAMED}"}
    return replace(
        endpoint,
        properties={names.get(key, key): value for key, value in endpoint.properties.items()},
        required=tuple(names.get(key, key) for key in endpoint.required),
        zip_field=names.get(endpoint.zip_field, endpoint.zip_field),
    )
