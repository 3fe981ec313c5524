"""The webhook at the end of a request."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from emulators.fal.records import FalRequest, Requests
from emulators.fal.signing import SigningKeys
from emulators.hosted.records import Json
from emulators.hosted.webhooks import Service, Webhooks

# Up to 31 tries in all; nobody has published the pauses.
RETRIES = tuple(min(2.0**number, 600.0) for number in range(30))
TIMEOUT = 15.0


def service(keys: SigningKeys, requests: Requests) -> Service:
    """Return what is fal's own about webhooks: they go by the request's id."""

    def sign(request_id: str, body: bytes, timestamp: int, is_forged: bool) -> Mapping[str, str]:
        request = requests.find(request_id)
        account = request.account if request else ""
        return keys.headers(request_id, account, timestamp, body, is_forged=is_forged)

    return Service(sign, RETRIES, TIMEOUT, _lie, ends_on_redirect=True)


async def tell(webhooks: Webhooks, request: FalRequest) -> None:
    """Let a request's end be told where the submit asked for it; durable when this returns."""
    if request.webhook:
        await webhooks.send(
            request.webhook, _document(request), is_final=True, delivery_id=request.id
        )


def _document(request: FalRequest) -> Json:
    is_success = request.status_code == 200
    document: Json = {
        "request_id": request.id,
        "gateway_request_id": secrets.token_hex(16),
        "status": "OK" if is_success else "ERROR",
        "payload": request.output,
    }
    error = request.error or f"Invalid status code: {request.status_code}"
    return document | {"error": None if is_success else error}


def _lie(document: Json) -> None:
    """Say the opposite of what is true."""
    document["status"] = "ERROR" if document["status"] == "OK" else "OK"
