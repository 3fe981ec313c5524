"""Measures photos that have no measures: from before there were any, or by older rules."""

from __future__ import annotations

import logging
import time
from typing import Any

from django.db.models import Q, QuerySet

from models_app.coach.measures import VERSION
from models_app.errors import PhotoRefusedError
from models_app.ingest import normalise
from models_app.models import IS_DRAFT, TrainingImage, UserModel

logger = logging.getLogger(__name__)

# A sweep ends after this, so that no photo is measured by two of them; the next one goes on.
_SECONDS = 8.0
_AT_ONCE = 50


def unmeasured() -> QuerySet[TrainingImage]:
    """Return the photos of drafts that still have to be measured, the newest models first."""
    drafts = UserModel.objects.filter(IS_DRAFT | Q(status="failed", started_at=None))
    photos = TrainingImage.objects.filter(model__in=drafts)
    # A row without measures has no version either.
    return photos.exclude(measures__version=VERSION) | photos.filter(measures=None)


def measure_some() -> int:
    """Measure photos that wait for it, for some seconds; return how many."""
    until = time.monotonic() + _SECONDS
    measured = 0
    for photo in unmeasured().order_by("-model__created_at", "position")[:_AT_ONCE]:
        # Cropped meanwhile, it has newer measures already.
        same = TrainingImage.objects.filter(pk=photo.pk, cropped=photo.cropped.name)
        same.update(measures=_measured(photo))
        measured += 1
        if time.monotonic() > until:
            break
    return measured


def _measured(photo: TrainingImage) -> dict[str, Any]:
    """Return a stored photo's measures; without any where it cannot be opened, so that it rests."""
    try:
        with photo.trained_file.open("rb") as source:
            return normalise(source).measures or {"version": VERSION}
    except (OSError, PhotoRefusedError) as error:
        logger.warning("Photo %s was not measured: %s", photo.pk, type(error).__name__)
        return {"version": VERSION}
