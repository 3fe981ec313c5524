"""What a training shows on the way."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class TrainingSample(models.Model):
    """A picture that a training has made to show what it has learned so far."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    model = models.ForeignKey(
        "models_app.UserModel", models.CASCADE, related_name="samples", verbose_name=_("model")
    )
    job = models.ForeignKey(
        "jobs.JobQueue", models.SET_NULL, null=True, related_name="samples", verbose_name=_("job")
    )
    step = models.PositiveIntegerField(_("step"))
    number = models.PositiveSmallIntegerField(
        _("number"), help_text=_("Position among those of its step, from 0")
    )
    prompt = models.CharField(_("prompt"), max_length=500, blank=True)
    has_trigger = models.BooleanField(_("with the trigger word"))
    # Empty for one that was no sound picture: it is not fetched again.
    file = models.ImageField(_("file"), max_length=200, blank=True)
    thumbnail = models.ImageField(_("thumbnail"), max_length=200, blank=True)
    width = models.PositiveIntegerField(_("width"), default=0)
    height = models.PositiveIntegerField(_("height"), default=0)
    size = models.PositiveBigIntegerField(_("size in bytes"), default=0)
    engine = models.CharField(_("engine"), max_length=40, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        ordering = ["step", "number"]
        verbose_name = _("sample")
        verbose_name_plural = _("samples")
        constraints = [
            # Two workers may fetch at once; a sample is stored once.
            models.UniqueConstraint(name="sample_once_per_job", fields=["job", "step", "number"]),
            models.CheckConstraint(
                name="sample_has_both_files_or_none",
                condition=Q(file="", thumbnail="", size=0) | ~(Q(file="") | Q(thumbnail="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.step}-{self.number}"
