"""The images generated with a model, and where its weights lie for that."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class GeneratedImage(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="images", verbose_name=_("owner")
    )
    model = models.ForeignKey(
        "models_app.UserModel", models.CASCADE, related_name="images", verbose_name=_("model")
    )
    job = models.ForeignKey(
        "jobs.JobQueue", models.SET_NULL, null=True, related_name="images", verbose_name=_("job")
    )
    index = models.PositiveSmallIntegerField(
        _("index"), default=0, help_text=_("Position among the job's pictures, from 0")
    )
    file = models.ImageField(_("file"), max_length=200, width_field="width", height_field="height")
    thumbnail = models.ImageField(_("thumbnail"), max_length=200)
    width = models.PositiveIntegerField(_("width"))
    height = models.PositiveIntegerField(_("height"))
    size = models.PositiveBigIntegerField(_("size in bytes"))
    seed = models.BigIntegerField(_("seed"), null=True, blank=True)
    prompt = models.CharField(_("prompt"), max_length=2000)
    settings = models.JSONField(_("settings"), default=dict, blank=True)
    engine = models.CharField(_("engine"), max_length=40, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        ordering = ["-created_at", "-index"]
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")
        indexes = [
            models.Index(fields=["owner", "-created_at"]),
            models.Index(fields=["model", "-created_at"]),
        ]
        constraints = [
            # Collecting is repeated after a crash; an image is stored once.
            models.UniqueConstraint(name="image_once_per_job", fields=["job", "index"]),
        ]

    def __str__(self) -> str:
        return self.prompt[:60]

    @property
    def is_simulated(self) -> bool:
        return self.engine == "simulated"


class WeightsCopy(models.Model):
    """A copy of a model's weights that we have uploaded to a provider, until it expires there."""

    model = models.ForeignKey("models_app.UserModel", models.CASCADE, related_name="weights_copies")
    provider = models.CharField(max_length=40)
    account = models.CharField(max_length=16, editable=False)
    sha256 = models.CharField(max_length=64)
    address = models.CharField(max_length=1000)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("copy of weights at a provider")
        verbose_name_plural = _("copies of weights at providers")

    def __str__(self) -> str:
        return f"{self.provider} {self.sha256[:8]}"
