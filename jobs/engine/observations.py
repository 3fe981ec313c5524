"""Storing many observations: one prepared statement for all rows of a transaction.

The ORM would build a statement per row; with thousands of runs that is most of a poll's time.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection

from jobs.models import JobQueue
from jobs.states import Status

COLUMNS = (
    "last_seen_at",
    "next_poll_at",
    "unanswered_count",
    "engine",
    "step",
    "total_steps",
    "stage",
    "progress",
    "started_at",
    "first_step",
    "first_step_at",
    "eta_at",
)
_BY_NAME = {field.name: field for field in JobQueue._meta.concrete_fields}
_FIELDS = [_BY_NAME[name] for name in COLUMNS]
_KEYS = [_BY_NAME[name] for name in ("id", "version", "status")]


def store(observed: Sequence[tuple[JobQueue, Mapping[str, Any]]]) -> set[uuid.UUID]:
    """Store new values of running jobs; return the ids of those that were still as read.

    Every mapping holds all COLUMNS. Call it in a transaction. A job that changed meanwhile is
    left alone, as with a single compare-and-set.
    """
    if not observed:
        return set()
    with connection.cursor() as cursor:
        cursor.executemany(_statement(), [_parameters(job, values) for job, values in observed])
    versions = {job.pk: job.version for job, _values in observed}
    rows = JobQueue.objects.filter(pk__in=versions, status=Status.RUNNING)
    found = rows.values_list("pk", "version")
    return {pk for pk, version in found if versions[pk] == version}


def _statement() -> str:
    quote = connection.ops.quote_name
    values = ", ".join(f"{quote(str(field.column))} = %s" for field in _FIELDS)
    keys = " AND ".join(f"{quote(str(field.column))} = %s" for field in _KEYS)
    # Our own column names only; every value is a parameter.
    return f"UPDATE {quote(JobQueue._meta.db_table)} SET {values} WHERE {keys}"  # noqa: S608


def _parameters(job: JobQueue, values: Mapping[str, Any]) -> list[Any]:
    given = [values[name] for name in COLUMNS] + [job.pk, job.version, Status.RUNNING.value]
    return [
        field.get_db_prep_save(value, connection)
        for field, value in zip([*_FIELDS, *_KEYS], given, strict=True)
    ]
