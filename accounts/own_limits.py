"""The columns of a person's own limits. What they mean is in `accounts.limits`."""

from __future__ import annotations

from typing import Any

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


def _own(name: Any) -> models.PositiveIntegerField[int | None, int | None]:
    return models.PositiveIntegerField(name, null=True, blank=True)


class OwnLimits(models.Model):
    """What an operator allows one person; an empty one is the same as everybody's.

    Columns of the person's own row: whoever has read or locked the person knows the limits too.
    """

    limit_photos_per_day = _own(_("photos in 24 hours"))
    limit_storage_mb = _own(_("storage in MB"))
    limit_drafts = _own(_("drafts"))
    limit_trainings_per_day = _own(_("trainings in 24 hours"))
    limit_pictures_per_day = _own(_("pictures in 24 hours"))
    limit_streams = _own(_("pages and programs with live updates"))
    limit_requests_per_minute = _own(_("requests per minute"))
    limit_budget_usd = models.DecimalField(
        _("US dollars in a month"),
        max_digits=10,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )

    class Meta:
        abstract = True
