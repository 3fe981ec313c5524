"""A ZIP of photos that is fetched for a draft from an address that its owner named."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class ArchiveFetch(models.Model):
    """One fetch, from naming the address to the photos and, where wished, the training's start.

    A draft has one at most: the newest. Its address may be a secret, and goes once the photos are
    in or it has failed.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        FETCHING = "fetching", _("Fetching")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    model = models.OneToOneField(
        "models_app.UserModel",
        on_delete=models.CASCADE,
        related_name="archive_fetch",
        verbose_name=_("model"),
    )
    url = models.CharField(max_length=2000, blank=True, editable=False)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.WAITING)
    # A code for programs and a sentence for people, where it failed.
    code = models.CharField(_("code"), max_length=40, blank=True)
    error = models.CharField(_("error"), max_length=500, blank=True)
    start_after = models.BooleanField(_("start the training"), default=False)
    # Decided when it was asked for: however often the start is repeated, it is one.
    start_key = models.CharField(max_length=100, blank=True, editable=False)
    photos = models.PositiveIntegerField(_("photos taken"), default=0)
    refused = models.PositiveIntegerField(_("files refused"), default=0)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    next_try_at = models.DateTimeField(_("next try"), default=timezone.now)
    claim = models.UUIDField(null=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(_("asked for"), default=timezone.now)
    taken_at = models.DateTimeField(_("photos taken"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)

    class Meta:
        verbose_name = _("fetched archive")
        verbose_name_plural = _("fetched archives")
        indexes = [
            models.Index(
                name="archive_fetch_due",
                fields=["next_try_at"],
                condition=Q(status__in=["waiting", "fetching"]),
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_over(self) -> bool:
        return self.status in {self.Status.DONE, self.Status.FAILED}
