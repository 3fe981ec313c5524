"""Webhooks that were stored and verified, and wait for what they lead to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from jobs import clock
from jobs.engine.backoff import collect_delay
from jobs.models import WebhookReceipt
from jobs.webhook_links import is_used

BATCH = 200  # in one poll
# A provider that reported within this time is taken to report the next end too.
LATELY = timedelta(days=7)


def due(provider_key: str) -> Sequence[WebhookReceipt]:
    """Those of a provider whose turn it is, the longest waiting first."""
    waiting = WebhookReceipt.objects.filter(provider=provider_key, handled_at=None)
    ripe = waiting.filter(next_try_at__lte=clock.now()).select_related("job")
    return list(ripe.order_by("next_try_at")[:BATCH])


def waiting_at() -> set[str]:
    """Keys of providers of which any is due."""
    waiting = WebhookReceipt.objects.filter(handled_at=None, next_try_at__lte=clock.now())
    return set(waiting.order_by().values_list("provider", flat=True).distinct())


def put_off(receipt: WebhookReceipt) -> None:
    """Have it tried again later, before it is tried now: one that fails must not come at once."""
    receipt.attempts += 1
    receipt.next_try_at = clock.now() + collect_delay(receipt.attempts)
    receipt.save(update_fields=["attempts", "next_try_at"])


def settle(receipt: WebhookReceipt, result: str) -> None:
    """Nothing more is to be done."""
    rows = WebhookReceipt.objects.filter(pk=receipt.pk)
    rows.update(handled_at=clock.now(), result=result)


def are_arriving(provider_key: str) -> bool:
    """Whether a provider is asked to report by itself, and lately did: polls may then be rare."""
    since = clock.now() - LATELY
    received = WebhookReceipt.objects.filter(provider=provider_key, received_at__gt=since)
    return is_used(provider_key) and received.exists()
