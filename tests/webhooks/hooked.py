"""The bundled trainer as one that reports its runs: signed as Standard Webhooks are."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.core.signing import Signer
from standardwebhooks import Webhook as Sender

from providers.http.signatures import verify_standard_webhook
from providers.local.provider import Local
from providers.types import Capability, Webhook

SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
OTHER_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PATH = "/api/webhooks/local"


def enable(set_on: Callable[[type[Local], str, Any], None] = setattr) -> None:
    """Give the bundled trainer webhooks in this process."""
    set_on(Local, "capabilities", Local.capabilities | {Capability.WEBHOOK})
    set_on(Local, "fetch_webhook_keys", lambda self: (SECRET,))
    set_on(Local, "verified_webhook", verified)


def verified(
    self: Local, headers: Mapping[str, str], body: bytes, keys: Sequence[str], now: datetime
) -> Webhook:
    delivery = verify_standard_webhook(headers, body, keys, now)
    return Webhook(json.loads(body)["id"], delivery_id=delivery)


def token_for(correlation: str, key: str | None = None) -> str:
    return Signer(key=key, salt="jobs.webhook").sign(correlation)


def body_about(run_id: str, **more: object) -> bytes:
    return json.dumps({"id": run_id, "status": "succeeded", **more}, ensure_ascii=False).encode()


def signed(
    body: bytes, *, delivery: str = "msg_1", secret: str = SECRET, at: datetime | None = None
) -> dict[str, str]:
    """Return the headers that the trainer sends with a body."""
    at = at or datetime.now(UTC)
    return {
        "webhook-id": delivery,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Sender(secret).sign(delivery, at, body.decode()),
    }
