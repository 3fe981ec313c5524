"""What a person trains, and from which photos."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q


class Subject(models.TextChoices):
    PERSON = "person", "Person"
    PRODUCT = "product", "Product"
    STYLE = "style", "Style"


class UserModel(models.Model):
    """One model of one owner. A draft in the wizard is a row that is still `pending`."""

    class Status(models.TextChoices):
        PENDING = "pending", "Draft or waiting"
        TRAINING = "training", "Training"
        READY = "ready", "Ready"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="user_models"
    )
    name = models.CharField(max_length=60, blank=True)
    description = models.CharField(max_length=500, blank=True)
    kind = models.CharField(max_length=10, choices=Subject, default=Subject.PERSON)
    trigger_word = models.CharField(max_length=24, blank=True)
    base_model = models.CharField(max_length=100, blank=True)
    provider = models.CharField(max_length=40, blank=True)
    preset = models.CharField(max_length=20, blank=True)
    options = models.JSONField(default=dict, blank=True, help_text="Validated training values")
    # The wizard's answers exactly as typed, by step: a wrong answer is kept too, so that
    # leaving a step loses nothing. The columns above hold only what was valid.
    answers = models.JSONField(default=dict, blank=True)
    consent_at = models.DateTimeField(null=True, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    weights = models.FileField(max_length=200, blank=True)
    weights_sha256 = models.CharField(max_length=64, blank=True)
    weights_size = models.BigIntegerField(null=True, blank=True)
    base_family = models.CharField(max_length=40, blank=True)
    remote_ref = models.CharField(max_length=500, blank=True)
    engine = models.CharField(
        max_length=40, blank=True, help_text="How it was trained, “simulated” if it was not"
    )
    # Start was pressed: answers and photos are fixed until that training is over.
    started_at = models.DateTimeField(null=True, blank=True)
    ready_at = models.DateTimeField(null=True, blank=True)
    failed_reason = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = "model"
        indexes = [models.Index(fields=["owner", "-created_at"])]
        constraints = [
            models.CheckConstraint(
                name="user_model_known_status",
                condition=Q(status__in=["pending", "training", "ready", "failed"]),
            ),
            models.CheckConstraint(
                name="user_model_ready_has_weights",
                condition=~Q(status="ready") | (~Q(weights="") & ~Q(weights_sha256="")),
            ),
            models.UniqueConstraint(
                name="user_model_trigger_word_once_per_owner",
                fields=["owner", "trigger_word"],
                condition=~Q(trigger_word=""),
            ),
        ]

    def __str__(self) -> str:
        return self.name or "Untitled model"

    @property
    def is_editable(self) -> bool:
        """Whether the wizard may still change it: never started, or failed or cancelled since."""
        return self.started_at is None and self.status in {
            self.Status.PENDING,
            self.Status.FAILED,
        }

    @property
    def is_simulated(self) -> bool:
        return self.engine == "simulated"


class TrainingImage(models.Model):
    """One photo as stored: upright, sRGB, free of metadata, under our own name."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    model = models.ForeignKey(UserModel, on_delete=models.CASCADE, related_name="photos")
    file = models.ImageField(max_length=200, width_field="width", height_field="height")
    thumbnail = models.ImageField(max_length=200)
    original_filename = models.CharField(max_length=200, blank=True)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size = models.PositiveBigIntegerField(help_text="Bytes as stored")
    sha256 = models.CharField(max_length=64, help_text="Of the bytes as uploaded")
    caption = models.CharField(max_length=500, blank=True)
    position = models.PositiveIntegerField(default=0)
    notes = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["position", "created_at"]
        verbose_name = "photo"
        constraints = [
            models.UniqueConstraint(name="photo_once_per_model", fields=["model", "sha256"]),
        ]

    def __str__(self) -> str:
        return self.original_filename or str(self.pk)
