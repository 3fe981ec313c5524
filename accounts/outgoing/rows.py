"""The tables: where to send, and what is or was to be sent there."""

from __future__ import annotations

import uuid
from typing import ClassVar
from urllib.parse import urlsplit

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Event(models.TextChoices):
    """What can be told."""

    MODEL_READY = "model.ready", _("A model is ready")
    MODEL_FAILED = "model.failed", _("The training of a model failed")


# Sent when its owner asks for it, to see whether it arrives; nobody chooses it.
TEST = "webhook.test"


class WebhookEndpoint(models.Model):
    """An address to which somebody's webhooks go."""

    class Why(models.TextChoices):
        """Why nothing is sent to it any more."""

        GONE = "gone", _("It answered that it is gone (410)")
        FAILING = "failing", _("Nothing could be delivered for days")
        SECRET_LOST = "secret_lost", _("Its secret cannot be read since the secret key changed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="webhook_endpoints"
    )
    url = models.CharField(_("address"), max_length=2000)
    # Encrypted (`endpoints.secret_of`): whoever has it can sign in our name.
    sealed = models.TextField(editable=False)
    events = models.JSONField(_("events"), default=list)
    created_at = models.DateTimeField(_("made"), default=timezone.now)
    # When one of its messages was last taken up: endpoints get their turns by this.
    tried_at = models.DateTimeField(null=True, editable=False)
    disabled_at = models.DateTimeField(_("disabled"), null=True, blank=True)
    disabled_why = models.CharField(_("why"), max_length=12, choices=Why, blank=True)

    class Meta:
        verbose_name = _("receiver of webhooks")
        verbose_name_plural = _("receivers of webhooks")
        ordering: ClassVar[list[str]] = ["-created_at", "pk"]

    def __str__(self) -> str:
        return self.host

    @property
    def host(self) -> str:
        """Where it is, without the path: that may hold a secret of the receiver's."""
        return urlsplit(self.url).netloc


class WebhookDelivery(models.Model):
    """One message to one endpoint; `id` is its `webhook-id`, the same at every attempt."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        DELIVERED = "delivered", _("Delivered")
        GIVEN_UP = "given_up", _("Given up")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    endpoint = models.ForeignKey(
        WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries"
    )
    event = models.CharField(_("event"), max_length=40)
    payload = models.TextField(_("message"))  # JSON as it is signed and sent, byte for byte
    created_at = models.DateTimeField(_("happened"), default=timezone.now)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    next_try_at = models.DateTimeField(_("next try"), null=True, default=timezone.now)
    lease_until = models.DateTimeField(null=True, editable=False)
    delivered_at = models.DateTimeField(_("delivered"), null=True)
    given_up_at = models.DateTimeField(_("given up"), null=True)
    last_status = models.PositiveIntegerField(_("last status"), null=True)
    # A code of `providers.http.public_errors`, or "disabled"; never what the other side wrote.
    error = models.CharField(_("error"), max_length=20, blank=True)

    class Meta:
        verbose_name = _("webhook to a person's program")
        verbose_name_plural = _("webhooks to people's programs")
        ordering: ClassVar[list[str]] = ["-created_at", "pk"]
        indexes = [
            models.Index(
                name="outgoing_due",
                fields=["endpoint", "next_try_at"],
                condition=Q(next_try_at__isnull=False),
            ),
            models.Index(name="outgoing_newest", fields=["endpoint", "-created_at"]),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def state(self) -> State:
        if self.delivered_at:
            return self.State.DELIVERED
        return self.State.GIVEN_UP if self.given_up_at else self.State.WAITING
