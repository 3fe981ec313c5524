"""Sending one message: signed, bounded, and what follows from how it was answered."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta
from random import SystemRandom
from typing import Any
from uuid import UUID

from cryptography.fernet import InvalidToken
from django.utils import timezone
from standardwebhooks import Webhook

from accounts.outgoing import outbox
from accounts.outgoing.endpoints import disable, secret_of
from accounts.outgoing.rows import TEST, WebhookDelivery, WebhookEndpoint
from providers.http import public
from providers.http.public_errors import PublicCallError

log = logging.getLogger(__name__)

SECONDS = 10.0  # for connecting, sending and the head of the answer together
# What the standard suggests, as long as an endpoint's owner may take to notice and mend it.
WAITS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=24),
)
GONE = 410
_SPREAD = 0.2  # of a wait, added by chance: what failed together does not come again together
_chance = SystemRandom()


def send(delivery_id: UUID) -> bool:
    """Send a message that is due; return whether it was taken up, so that another may be sent.

    A crash in between sends it again, with the same id.
    """
    delivery = outbox.claim(delivery_id)
    if delivery is None:
        return False
    try:
        headers = _signed(delivery)
    except InvalidToken:
        disable(delivery.endpoint, WebhookEndpoint.Why.SECRET_LOST)
        return True
    try:
        answer = public.post(
            delivery.endpoint.url, delivery.payload.encode(), headers, seconds=SECONDS
        )
    except PublicCallError as error:
        _put_off(delivery, error=error.code)
        return True
    _follow(delivery, answer)
    return True


def _signed(delivery: WebhookDelivery) -> Mapping[str, str]:
    """Return the headers of the standard. The time is that of the attempt, which the receiver
    compares with its clock; when it happened is in the message."""
    now, message_id = timezone.now(), str(delivery.pk)
    signer = Webhook(secret_of(delivery.endpoint))
    return {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signer.sign(message_id, now, delivery.payload),
    }


def _follow(delivery: WebhookDelivery, answer: public.Answer) -> None:
    if answer.is_success:
        changes = {"delivered_at": timezone.now(), "next_try_at": None, "error": ""}
        _write(delivery, last_status=answer.status, **changes)
    elif answer.status == GONE:
        _write(delivery, last_status=GONE, error="unwanted_answer")
        disable(delivery.endpoint, WebhookEndpoint.Why.GONE)
    else:
        _put_off(
            delivery,
            error="unwanted_answer",
            last_status=answer.status,
            asked_for=answer.retry_after or 0.0,
        )


def _put_off(
    delivery: WebhookDelivery,
    *,
    error: str,
    last_status: int | None = None,
    asked_for: float = 0.0,
) -> None:
    """Try it again later, or give it up after the last try."""
    now, seen = timezone.now(), {"error": error, "last_status": last_status}
    log.info("webhook %s was not delivered: %s %s", delivery.pk, error, last_status or "")
    if delivery.event == TEST or delivery.attempts > len(WAITS):
        _write(delivery, next_try_at=None, given_up_at=now, **seen)
        if delivery.event != TEST and not _was_reached_since(delivery):
            disable(delivery.endpoint, WebhookEndpoint.Why.FAILING)
        return
    wait = max(WAITS[delivery.attempts - 1], timedelta(seconds=asked_for))
    spread = timedelta(seconds=_chance.uniform(0, _SPREAD) * wait.total_seconds())
    _write(delivery, next_try_at=now + wait + spread, **seen)


def _was_reached_since(delivery: WebhookDelivery) -> bool:
    """Whether its endpoint has taken anything since this happened."""
    taken = WebhookDelivery.objects.filter(endpoint=delivery.endpoint_id)
    return taken.filter(delivered_at__gte=delivery.created_at).exists()


def _write(delivery: WebhookDelivery, **changes: Any) -> None:
    """Store how an attempt ended, unless another has taken it over since."""
    ours = WebhookDelivery.objects.filter(pk=delivery.pk, attempts=delivery.attempts)
    ours.update(lease_until=None, **changes)
