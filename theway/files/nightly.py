"""The comparison of files with rows that is made by itself once a day. It only looks: deleting is
an operator's command (`manage.py orphans --delete`)."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from django.core.files.storage import default_storage
from django.db.models import Q

from jobs import clock
from models_app.models import FileComparison
from theway.files.comparing import differences, old_uploads
from theway.files.findings import Findings

log = logging.getLogger(__name__)

EVERY = timedelta(days=1)
# After a storage that did not answer, and after a worker that was killed meanwhile.
RETRY, LEASE = timedelta(hours=1), timedelta(hours=6)


def compare_if_due() -> bool:
    """Compare, unless somebody does or did within the day; return whether it was done.

    A storage that is silent is noted beside what was found before.
    """
    began_at = clock.now()
    if not _claim(began_at):
        return False
    try:
        found = look()
    except OSError as error:
        _note_failure(error, began_at)
        return False
    record(found, began_at)
    return True


def look(storage: Any = default_storage) -> Findings:
    """Compare everything, holding a few bytes for each file. Raises errors of the storage."""
    found = Findings()
    for one in differences(storage):
        found.add(one)
    found.unfinished = sum(1 for _ in old_uploads(storage))
    return found


def record(found: Findings, began_at: datetime) -> None:
    """Keep what a comparison has found in the place of what the last one had."""
    FileComparison.objects.update_or_create(
        id=FileComparison.ONLY,
        defaults={
            "next_at": began_at + EVERY,
            "began_at": began_at,
            "ended_at": clock.now(),
            "leftover": found.leftover.count,
            "leftover_bytes": found.leftover.size,
            "lost": found.lost.count,
            "unfinished": found.unfinished,
            "details": {"leftover": found.leftover.details(), "lost": found.lost.details()},
            "failed_at": None,
            "failure": "",
        },
    )


def _claim(now: datetime) -> bool:
    """Take the turn, once for all workers. A time beyond what is ever set is of another clock."""
    FileComparison.objects.bulk_create([FileComparison(next_at=now)], ignore_conflicts=True)
    due = FileComparison.objects.filter(Q(next_at__lte=now) | Q(next_at__gt=now + EVERY))
    return bool(due.update(next_at=now + LEASE, began_at=now))


def _note_failure(error: OSError, began_at: datetime) -> None:
    reason = error.strerror or type(error).__name__
    log.warning("files were not compared with rows: %s", reason)
    FileComparison.objects.filter(began_at=began_at).update(
        next_at=began_at + RETRY, failed_at=clock.now(), failure=reason[:300]
    )
