"""The states of a job and every legal transition, as data."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import models
from django.utils.translation import gettext_lazy as _


class Status(models.TextChoices):
    QUEUED = "queued", _("Waiting")  # to be sent; nothing paid
    SUBMITTING = "submitting", _("Starting")  # claimed by a worker, being sent
    UNKNOWN = "unknown", _("Unclear")  # the paid call was sent and its answer was lost
    RUNNING = "running", _("Running")  # accepted: we hold the provider's run id
    FINISHING = "finishing", _("Downloading the result")  # over at the provider, being collected
    SUCCEEDED = "succeeded", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


ALLOWED: Mapping[Status, frozenset[Status]] = {
    Status.QUEUED: frozenset({Status.SUBMITTING, Status.CANCELLED}),
    Status.SUBMITTING: frozenset({Status.RUNNING, Status.QUEUED, Status.FAILED, Status.UNKNOWN}),
    Status.UNKNOWN: frozenset({Status.RUNNING, Status.QUEUED, Status.CANCELLED}),
    Status.RUNNING: frozenset({Status.FINISHING, Status.FAILED, Status.CANCELLED}),
    Status.FINISHING: frozenset({Status.SUCCEEDED, Status.FAILED}),
    Status.SUCCEEDED: frozenset(),
    Status.FAILED: frozenset(),
    Status.CANCELLED: frozenset(),
}

OVER = frozenset(status for status, exits in ALLOWED.items() if not exits)
UNFINISHED = frozenset(ALLOWED) - OVER
# At the provider under a run id we know.
FOLLOWED = frozenset({Status.RUNNING, Status.FINISHING})


def sources(target: Status) -> frozenset[Status]:
    """The states from which `target` may be reached."""
    return frozenset(status for status, exits in ALLOWED.items() if target in exits)
