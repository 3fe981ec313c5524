"""What providers report by themselves: receipts, the keys that prove who sent one, and counts."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class WebhookReceipt(models.Model):
    """One verified webhook, until what it is about has been asked for. It holds ids only."""

    class Result(models.TextChoices):
        HURRIED = "hurried", _("Its run was asked for at once")
        ADOPTED = "adopted", _("Its run was adopted: the answer to the paid call had not come")
        SECOND_RUN = "second_run", _("A run that the job does not follow")
        NOT_OURS = "not_ours", _("No run of this job, as the provider says")

    provider = models.CharField(max_length=40)
    # The same for every delivery of one message.
    delivery_id = models.CharField(max_length=200)
    run_id = models.CharField(max_length=200)
    # Named by the signed part of the address that we gave out, never by the body.
    job = models.ForeignKey(
        "jobs.JobQueue", on_delete=models.CASCADE, related_name="webhook_receipts"
    )
    received_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField(default=timezone.now)
    handled_at = models.DateTimeField(null=True, blank=True)
    result = models.CharField(max_length=12, choices=Result, blank=True)

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        constraints = [
            models.UniqueConstraint(name="webhook_once", fields=["provider", "delivery_id"]),
        ]
        indexes = [
            models.Index(
                name="webhook_due",
                fields=["provider", "next_try_at"],
                condition=Q(handled_at__isnull=True),
            ),
            models.Index(name="webhook_received", fields=["provider", "-received_at"]),
        ]

    def __str__(self) -> str:
        return self.run_id


class WebhookKeys(models.Model):
    """With what a provider signs its webhooks, as it was last asked. Shown nowhere."""

    provider = models.CharField(max_length=40, primary_key=True)
    # Encrypted: whoever has such a secret can sign in the provider's name.
    sealed = models.TextField(blank=True, editable=False)
    read_at = models.DateTimeField(null=True, blank=True)
    # When a signature did not fit: perhaps there are newer keys.
    wanted_at = models.DateTimeField(null=True, blank=True)
    tried_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.provider


class WebhookCount(models.Model):
    """How many requests to a provider's webhook address ended how."""

    class Outcome(models.TextChoices):
        TAKEN = "taken", _("taken")
        REPEATED = "repeated", _("came again")
        PROVIDER_OFF = "provider_off", _("provider is off")
        FORGED_ADDRESS = "forged_address", _("not an address of ours")
        TOO_LARGE = "too_large", _("too large")
        TOO_SLOW = "too_slow", _("too slow")
        NO_ROOM = "no_room", _("no room for it")
        NO_KEYS = "no_keys", _("no keys to verify it")
        WRONG_SIGNATURE = "wrong_signature", _("wrong signature")
        STALE = "stale", _("too old")
        MALFORMED = "malformed", _("malformed")
        UNKNOWN_JOB = "unknown_job", _("no such job here")
        NOT_OURS = "not_ours", _("no run of the job")

    provider = models.CharField(max_length=40)
    outcome = models.CharField(max_length=20, choices=Outcome)
    count = models.PositiveBigIntegerField(default=0)
    last_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="webhook_count_once", fields=["provider", "outcome"]),
        ]

    def __str__(self) -> str:
        return f"{self.provider}: {self.outcome}"
