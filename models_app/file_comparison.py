"""What the last comparison of stored files with rows has found, for operators."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class FileComparison(models.Model):
    """One row for the installation. What was found stays until a later comparison has ended."""

    ONLY = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY, editable=False)
    next_at = models.DateTimeField(_("next"), default=timezone.now)
    began_at = models.DateTimeField(_("began"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    leftover = models.PositiveBigIntegerField(_("files without a row"), default=0)
    leftover_bytes = models.PositiveBigIntegerField(_("their bytes"), default=0)
    lost = models.PositiveBigIntegerField(_("rows without a file"), default=0)
    unfinished = models.PositiveBigIntegerField(_("uploads that were cut off"), default=0)
    # Numbers by kind and a few names, none of them a person's words (`theway/files/findings.py`).
    details = models.JSONField(_("details"), default=dict)
    failed_at = models.DateTimeField(_("failed"), null=True)
    failure = models.CharField(_("failure"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("comparison of files with rows")
        verbose_name_plural = _("comparisons of files with rows")
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="one_file_comparison"),
        ]

    def __str__(self) -> str:
        return str(self.ended_at or "")
