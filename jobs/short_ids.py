"""Finding a job by the beginning of its id, as people copy it from a list."""

from __future__ import annotations

import re
import uuid

from django.db.models import QuerySet

from jobs.models import JobQueue

_HEX = re.compile(r"[0-9a-f]{1,32}")


def starting_with(prefix: str) -> QuerySet[JobQueue]:
    """Return the jobs whose id begins with `prefix` (dashes allowed); none for anything else."""
    digits = prefix.strip().lower().replace("-", "")
    if not _HEX.fullmatch(digits):
        return JobQueue.objects.none()
    # A range instead of LIKE: the same on every database, and the primary key's index serves it.
    first, last = uuid.UUID(digits.ljust(32, "0")), uuid.UUID(digits.ljust(32, "f"))
    return JobQueue.objects.filter(pk__gte=first, pk__lte=last)
