"""The images generated with a model."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models


class GeneratedImage(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="images"
    )
    model = models.ForeignKey(
        "models_app.UserModel", on_delete=models.CASCADE, related_name="images"
    )
    job = models.ForeignKey(
        "jobs.JobQueue", null=True, on_delete=models.SET_NULL, related_name="images"
    )
    index = models.PositiveSmallIntegerField(default=0, help_text="Which of the job's images")
    file = models.ImageField(max_length=200, width_field="width", height_field="height")
    thumbnail = models.ImageField(max_length=200)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    seed = models.BigIntegerField(null=True, blank=True)
    prompt = models.CharField(max_length=2000)
    settings = models.JSONField(default=dict, blank=True)
    engine = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at", "-index"]
        verbose_name = "picture"
        indexes = [
            models.Index(fields=["owner", "-created_at"]),
            models.Index(fields=["model", "-created_at"]),
        ]
        constraints = [
            # Collecting repeats after a crash; an image is stored once.
            models.UniqueConstraint(name="image_once_per_job", fields=["job", "index"]),
        ]

    def __str__(self) -> str:
        return self.prompt[:60]

    @property
    def is_simulated(self) -> bool:
        return self.engine == "simulated"
