"""The outbox of deletions: what of a deleted model still lies at a provider."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class RemoteDeletion(models.Model):
    """One thing that a provider is asked to delete, until it has.

    Written with the change that lets go of it, and removed once it is done. It holds ids only.
    """

    class Kind(models.TextChoices):
        TRAINING = "training", _("Training with its weights")
        GENERATION = "generation", _("Pictures")
        DATASET = "dataset", _("Photos sent to train with")

    job = models.ForeignKey(
        "jobs.JobQueue", null=True, on_delete=models.SET_NULL, related_name="remote_deletions"
    )
    provider = models.CharField(max_length=40)
    kind = models.CharField(max_length=12, choices=Kind)
    remote_id = models.CharField(max_length=500, blank=True)
    # Finds the run of a paid call whose answer never came, instead of the id.
    token = models.CharField(max_length=500, blank=True)
    base_model = models.CharField(max_length=100, blank=True)
    requested_at = models.DateTimeField(default=timezone.now)
    next_try_at = models.DateTimeField(
        null=True, help_text="Empty where it was given up: delete it at the provider by hand"
    )
    # Who works on it now; nobody else works at its provider meanwhile.
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    attempts = models.PositiveIntegerField(default=0)
    # A code of `providers.errors`, never a provider's own words: those may quote a prompt.
    error_code = models.CharField(max_length=60, blank=True)

    class Meta:
        verbose_name = _("deletion at a provider")
        verbose_name_plural = _("deletions at providers")
        constraints = [
            models.UniqueConstraint(
                name="remote_deletion_once", fields=["provider", "kind", "remote_id", "token"]
            ),
        ]
        indexes = [
            models.Index(
                name="remote_deletion_due",
                fields=["next_try_at"],
                condition=Q(next_try_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.remote_id or self.token
