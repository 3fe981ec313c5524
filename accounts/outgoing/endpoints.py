"""Making and removing the addresses to which somebody's webhooks go."""

from __future__ import annotations

import base64
import logging
import secrets
from collections.abc import Iterable
from contextlib import suppress
from uuid import UUID, uuid4

from cryptography.fernet import InvalidToken
from django.db import transaction
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import limits
from accounts.encryption import cipher, present_cipher
from accounts.models import User
from accounts.outgoing.rows import Event, WebhookDelivery, WebhookEndpoint
from providers.http import public

security_log = logging.getLogger("theway.security")
MOST = 10
SECRET_BYTES = 32  # the spec asks for 24 to 64
PREFIX = "whsec_"
_PURPOSE = "accounts.outgoing"


class EndpointRefusedError(Exception):
    """This endpoint cannot be made; `code` is for programs, the text says what helps."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class AlreadyMadeError(Exception):
    """This press of the button has made its endpoint before; its secret is not shown again."""


@transaction.atomic
def make_endpoint(
    user: User, *, url: str, events: Iterable[str], endpoint_id: UUID | None = None
) -> tuple[WebhookEndpoint, str]:
    """Make an endpoint; return its row and the secret that signs, which is shown this once.

    Nothing is sent to it yet. Raises AddressRefusedError, EndpointRefusedError (`unknown_event`,
    `too_many_endpoints`), and AlreadyMadeError for an `endpoint_id` that there is.
    """
    public.check(url)
    chosen = _known(events)
    person = limits.lock(user.pk)
    if endpoint_id and WebhookEndpoint.objects.filter(pk=endpoint_id).exists():
        raise AlreadyMadeError
    if endpoints_of(person).count() >= MOST:
        text = _("You have %(count)d receivers of webhooks, which is as many as you may.")
        raise EndpointRefusedError("too_many_endpoints", text % {"count": MOST})
    secret = PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
    endpoint = WebhookEndpoint.objects.create(
        id=endpoint_id or uuid4(),
        owner=person,
        url=url,
        events=chosen,
        sealed=cipher(_PURPOSE).encrypt(secret.encode()).decode(),
    )
    security_log.info("webhook receiver made account=%s endpoint=%s", person.pk, endpoint.pk)
    return endpoint, secret


def endpoints_of(user: User) -> QuerySet[WebhookEndpoint]:
    """Return the person's endpoints, the newest first."""
    return WebhookEndpoint.objects.filter(owner=user)


def endpoint_for(user: User, endpoint_id: UUID) -> WebhookEndpoint:
    """Return the person's endpoint; raise Http404 for an unknown one or somebody else's."""
    return get_object_or_404(WebhookEndpoint, pk=endpoint_id, owner=user)


def deliveries_of(endpoint: WebhookEndpoint) -> QuerySet[WebhookDelivery]:
    """Return what was or is to be sent there in the last weeks, the newest first."""
    return WebhookDelivery.objects.filter(endpoint=endpoint)


def remove(endpoint: WebhookEndpoint) -> None:
    """Delete an endpoint with its messages; a second time does nothing."""
    _count, rows = WebhookEndpoint.objects.filter(pk=endpoint.pk).delete()
    if rows:
        account = endpoint.owner_id
        security_log.info("webhook receiver removed account=%s endpoint=%s", account, endpoint.pk)


@transaction.atomic
def disable(endpoint: WebhookEndpoint, why: WebhookEndpoint.Why) -> None:
    """Send nothing to it any more, what waits included; its owner can remove it."""
    now = timezone.now()
    enabled = WebhookEndpoint.objects.filter(pk=endpoint.pk, disabled_at=None)
    enabled.update(disabled_at=now, disabled_why=why)
    waiting = WebhookDelivery.objects.filter(endpoint=endpoint, next_try_at__isnull=False)
    waiting.update(next_try_at=None, lease_until=None, given_up_at=now)


def secret_of(endpoint: WebhookEndpoint) -> str:
    """Return what signs its messages. Raises InvalidToken where the secret key is another one."""
    return cipher(_PURPOSE).decrypt(endpoint.sealed.encode()).decode()


def renew() -> None:
    """Encrypt with the present secret key what is encrypted with one of before."""
    present = present_cipher(_PURPOSE)
    for endpoint in WebhookEndpoint.objects.only("sealed").iterator():
        try:
            present.decrypt(endpoint.sealed.encode())
        except InvalidToken:
            with suppress(InvalidToken):
                sealed = cipher(_PURPOSE).rotate(endpoint.sealed.encode()).decode()
                rows = WebhookEndpoint.objects.filter(pk=endpoint.pk, sealed=endpoint.sealed)
                rows.update(sealed=sealed)


def _known(events: Iterable[str]) -> list[str]:
    """Return the events in their own order, each once. Raises EndpointRefusedError."""
    given = set(events)
    if not given or given - set(Event.values):
        text = _("Choose one or more of these events: %(events)s.")
        raise EndpointRefusedError("unknown_event", text % {"events": ", ".join(Event.values)})
    return [event for event in Event.values if event in given]
