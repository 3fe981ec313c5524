"""What is kept of calls that make something, so that a repetition gets the same answer."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone


class IdempotentCall(models.Model):
    """One call with an Idempotency-Key, and its answer once there is one."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    # Ids of what it makes come from this, so that a key that is used again after its time makes
    # something new.
    seed = models.UUIDField(default=uuid.uuid4, editable=False)
    # Empty once it was refused: then the mended request may have the same key.
    fingerprint = models.CharField(max_length=64, blank=True)
    # Until then somebody works on it; after it, whoever asks again may.
    lease_until = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    answer = models.JSONField(null=True)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="idempotent_call_once", fields=["owner", "key"]),
        ]

    def __str__(self) -> str:
        return str(self.pk)
