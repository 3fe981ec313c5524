"""What waits to be sent: written down, whose turn it is, how long it is kept."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Min, Q, QuerySet
from django.utils import timezone

from accounts import limits
from accounts.models import User
from accounts.outgoing.rows import TEST, WebhookDelivery, WebhookEndpoint

# Messages under way: in the whole installation (the worker has other calls to make), of one person,
# and never two to one endpoint. So one that never answers holds up nobody.
MOST_AT_ONCE = 4
MOST_PER_OWNER = 2
# Longer than everything that a try may take (`sending.SECONDS`, and a slow resolver).
LEASE = timedelta(seconds=60)
# No wait is longer (`sending.WAITS`, with what is added by chance).
LONGEST_WAIT = timedelta(hours=30)
KEPT_FOR = timedelta(days=30)
# Being due for so long means that no worker sends.
LATE_AFTER = timedelta(minutes=5)


def announce(owner_id: int, event: str, data: Mapping[str, str]) -> None:
    """Write a message down for each of a person's endpoints that wants this event.

    In the transaction of what it tells of. `data` holds ids and states only: whoever receives it
    asks for the rest, with a token of their own.
    """
    endpoints = WebhookEndpoint.objects.filter(owner_id=owner_id, disabled_at=None)
    wanting = [endpoint for endpoint in endpoints if event in endpoint.events]
    WebhookDelivery.objects.bulk_create([_message(one, event, data) for one in wanting])


@transaction.atomic
def send_test(endpoint: WebhookEndpoint) -> WebhookDelivery:
    """Have a message sent whose only purpose is to arrive, tried once; the one that waits already
    where there is one, so that nobody can send many at once. To a disabled one nothing is sent."""
    current = WebhookEndpoint.objects.select_for_update().filter(pk=endpoint.pk).first()
    waiting = WebhookDelivery.objects.filter(
        endpoint=endpoint, event=TEST, next_try_at__isnull=False
    )
    if found := waiting.first():
        return found
    message = _message(endpoint, TEST, {"endpointId": str(endpoint.pk)})
    if current and current.disabled_at:
        message.next_try_at, message.given_up_at = None, message.created_at
        message.error = "disabled"
    message.save(force_insert=True)
    return message


def due() -> list[str]:
    """Return the ids of the messages to be sent now: as many as there is room for, in turns.

    Endpoints come in the order in which they were last tried, and each sends its oldest first.
    """
    under_way = Counter(_under_way().values_list("endpoint__owner_id", flat=True))
    busy = set(_under_way().values_list("endpoint_id", flat=True))
    found: list[str] = []
    for endpoint_id, owner_id in _waiting_endpoints():
        if under_way.total() >= MOST_AT_ONCE:
            break
        if endpoint_id not in busy and under_way[owner_id] < MOST_PER_OWNER:
            under_way[owner_id] += 1
            found.append(str(_due().filter(endpoint=endpoint_id).values_list("pk", flat=True)[0]))
    return found


@transaction.atomic
def claim(delivery_id: UUID) -> WebhookDelivery | None:
    """Take a message to send it; None where it is not due, or has to wait for others.

    The owner is locked, so that no two workers exceed what one person may have under way.
    """
    rows = WebhookDelivery.objects.select_related("endpoint").filter(pk=delivery_id)
    if (found := rows.first()) is None:
        return None
    with suppress(User.DoesNotExist):  # then the message is gone, too
        limits.lock(found.endpoint.owner_id)
    delivery = rows.filter(_is_due()).first()
    if delivery is None or not _has_room(delivery.endpoint):
        return None
    now = timezone.now()
    delivery.attempts, delivery.lease_until = delivery.attempts + 1, now + LEASE
    delivery.save(update_fields=["attempts", "lease_until"])
    WebhookEndpoint.objects.filter(pk=delivery.endpoint_id).update(tried_at=now)
    return delivery


def waiting() -> QuerySet[WebhookDelivery]:
    """Return what is not delivered yet, those that are put off included."""
    return WebhookDelivery.objects.filter(next_try_at__isnull=False, endpoint__disabled_at=None)


def late() -> QuerySet[WebhookDelivery]:
    """Return what should have been sent minutes ago: nobody sends."""
    return _due().filter(next_try_at__lt=timezone.now() - LATE_AFTER)


def prune() -> None:
    """Delete what happened long ago: it was delivered or given up, or nobody may have it."""
    WebhookDelivery.objects.filter(created_at__lt=timezone.now() - KEPT_FOR).delete()


def _message(endpoint: WebhookEndpoint, event: str, data: Mapping[str, str]) -> WebhookDelivery:
    now = timezone.now()
    body = {"type": event, "timestamp": _in_utc(now), "data": dict(data)}
    payload = json.dumps(body, separators=(",", ":"))
    return WebhookDelivery(
        endpoint=endpoint, event=event, payload=payload, created_at=now, next_try_at=now
    )


def _in_utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _is_due() -> Q:
    """What may be tried now. What lies further ahead than anything is put off was written under a
    clock that has been set back since."""
    now = timezone.now()
    is_time = Q(next_try_at__lte=now) | Q(next_try_at__gt=now + LONGEST_WAIT)
    is_free = Q(lease_until=None) | Q(lease_until__lte=now) | Q(lease_until__gt=now + LEASE)
    return is_time & is_free & Q(endpoint__disabled_at=None, endpoint__owner__is_active=True)


def _due() -> QuerySet[WebhookDelivery]:
    return WebhookDelivery.objects.filter(_is_due()).order_by("next_try_at", "pk")


def _under_way() -> QuerySet[WebhookDelivery]:
    now = timezone.now()
    return WebhookDelivery.objects.order_by().filter(
        lease_until__gt=now, lease_until__lte=now + LEASE
    )


def _waiting_endpoints() -> list[tuple[UUID, int]]:
    """Return the endpoints with something due, and whose they are, the least recently tried
    first."""
    rows = WebhookDelivery.objects.order_by().filter(_is_due()).values("endpoint_id")
    turns = rows.annotate(owner=F("endpoint__owner_id"), tried=F("endpoint__tried_at"))
    ordered = turns.annotate(first=Min("next_try_at")).order_by(
        F("tried").asc(nulls_first=True), "first"
    )
    return [(row["endpoint_id"], row["owner"]) for row in ordered]


def _has_room(endpoint: WebhookEndpoint) -> bool:
    under_way = _under_way()
    if under_way.count() >= MOST_AT_ONCE or under_way.filter(endpoint=endpoint).exists():
        return False
    return under_way.filter(endpoint__owner=endpoint.owner_id).count() < MOST_PER_OWNER
