"""Receivers of webhooks: programs that are told when a model is ready or failed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Status

from accounts.outgoing import endpoints, outbox
from api.auth import id_from_key, person_of
from api.idempotency import given_key, takes_key
from api.paging import Cursor, Limit, page
from api.problems import FieldError, ProblemError
from api.routing import may_fail, new_router
from api.schemas.webhooks import (
    DeliveryOut,
    DeliveryPageOut,
    EndpointIn,
    EndpointListOut,
    EndpointMadeOut,
    EndpointOut,
)
from providers.http.public_errors import AddressRefusedError

router = new_router("Webhooks")


@router.get("/webhook-endpoints", response=EndpointListOut)
def list_webhook_endpoints(request: HttpRequest) -> EndpointListOut:
    """List where your webhooks go: at most ten receivers."""
    found = endpoints.endpoints_of(person_of(request))
    return EndpointListOut(items=[EndpointOut.of(one) for one in found])


@router.post("/webhook-endpoints", response={201: EndpointMadeOut})
@may_fail("address_refused", "conflict")
@takes_key
def create_webhook_endpoint(request: HttpRequest, wishes: EndpointIn) -> Status:
    """Have webhooks sent to an address. Its secret is told this once, and kept encrypted.

    Sent by the rules of Standard Webhooks, and tried again for days. With the Idempotency-Key of
    one that was made nothing is made, and its secret is not told again: 409."""
    key = given_key(request)
    endpoint_id = id_from_key(request, key, "webhook endpoint") if key else None
    try:
        endpoint, secret = endpoints.make_endpoint(
            person_of(request), url=wishes.url, events=wishes.events, endpoint_id=endpoint_id
        )
    except AddressRefusedError as error:
        why = [FieldError("url", "refused", str(error))]
        raise ProblemError("address_refused", str(error), errors=why) from error
    except endpoints.EndpointRefusedError as error:
        raise ProblemError("conflict", str(error)) from error
    except endpoints.AlreadyMadeError as error:
        text = "It was made before; its secret is not told again. Delete it and make another."
        raise ProblemError("conflict", text) from error
    told = EndpointOut.of(endpoint).model_dump()
    return Status(201, EndpointMadeOut(**told, secret=secret))


@router.get("/webhook-endpoints/{uuid:endpoint_id}", response=EndpointOut)
def get_webhook_endpoint(request: HttpRequest, endpoint_id: UUID) -> EndpointOut:
    """Get one receiver of webhooks."""
    return EndpointOut.of(endpoints.endpoint_for(person_of(request), endpoint_id))


@router.delete("/webhook-endpoints/{uuid:endpoint_id}", response={204: None})
def delete_webhook_endpoint(request: HttpRequest, endpoint_id: UUID) -> Status:
    """Send nothing there any more, what waits included."""
    endpoints.remove(endpoints.endpoint_for(person_of(request), endpoint_id))
    return Status(204, None)


@router.post("/webhook-endpoints/{uuid:endpoint_id}/test", response={202: DeliveryOut})
def test_webhook_endpoint(request: HttpRequest, endpoint_id: UUID) -> Status:
    """Have a message sent whose only purpose is to arrive, tried once."""
    endpoint = endpoints.endpoint_for(person_of(request), endpoint_id)
    return Status(202, DeliveryOut.of(outbox.send_test(endpoint)))


@router.get("/webhook-endpoints/{uuid:endpoint_id}/deliveries", response=DeliveryPageOut)
def list_webhook_deliveries(
    request: HttpRequest, endpoint_id: UUID, cursor: Cursor = "", limit: Limit = 50
) -> dict[str, Any]:
    """List what was or is to be sent there in the last weeks, newest first."""
    endpoint = endpoints.endpoint_for(person_of(request), endpoint_id)
    found = page(endpoints.deliveries_of(endpoint), cursor, limit)
    return {**found, "items": [DeliveryOut.of(one) for one in found["items"]]}
