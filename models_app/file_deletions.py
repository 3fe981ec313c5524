"""Deleting files for certain: noted with the rows that go, done after the commit, tried again
where the storage refuses or the process died in between."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import timedelta
from functools import partial

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from models_app import photo_files
from models_app.models import FileDeletion

log = logging.getLogger(__name__)

BATCH = 500
# Whoever asked for it tries first; later tries are the worker's.
FIRST_RETRY = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)
# A worker that was frozen meanwhile may store a result in a folder that is deleted already, so
# folders are deleted twice.
SECOND_LOOK = timedelta(hours=1)


def delete_on_commit(names: Iterable[str]) -> None:
    """Delete files, and folders (names that end with a slash), once the transaction is committed.

    Until they are gone a row remembers them.
    """
    now = timezone.now()
    rows = [
        FileDeletion(name=name, requested_at=now, next_try_at=now + FIRST_RETRY) for name in names
    ]
    FileDeletion.objects.bulk_create(rows)
    transaction.on_commit(partial(_delete_all, rows), robust=True)


def due() -> QuerySet[FileDeletion]:
    """Return what is to be tried (again) now."""
    return FileDeletion.objects.filter(next_try_at__lte=timezone.now())


def work_off() -> None:
    """Try again what is due, the longest waiting first."""
    _delete_all(list(due().order_by("next_try_at")[:BATCH]))


def _delete_all(rows: Iterable[FileDeletion]) -> None:
    for row in rows:
        _delete(row)


def _delete(row: FileDeletion) -> None:
    stored = FileDeletion.objects.filter(pk=row.pk)
    now = timezone.now()
    if not photo_files.remove([row.name]):
        second_look = row.requested_at + SECOND_LOOK
        if row.name.endswith("/") and now < second_look:
            stored.update(next_try_at=second_look)
        else:
            stored.delete()
        return
    wait = min(FIRST_RETRY * 2 ** min(row.attempts, 10), LONGEST_WAIT)
    stored.update(attempts=row.attempts + 1, next_try_at=now + wait)
    log.error("%s could not be deleted; it is tried again", row.name)
