"""Storing many observations: one prepared statement for all rows of a transaction.

The ORM would build a statement per row; with thousands of runs that is most of a poll's time.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import Field

from jobs.models import JobQueue

_BY_NAME: dict[str, Field[Any, Any]] = {
    field.name: field for field in JobQueue._meta.concrete_fields
}
# What the columns for steps take on every database.
MOST_STEPS = 2**31 - 1
Rows = Sequence[tuple[JobQueue, Mapping[str, Any]]]


@transaction.atomic
def store(rows: Rows) -> set[uuid.UUID]:
    """Store new values of jobs; return the ids of those that were still as they were read.

    Every mapping has the same names. A job that changed meanwhile is left alone, and so is one
    that a slower poll observed before: each write is compare-and-set on the version and raises it.
    """
    if not rows:
        return set()
    names = list(rows[0][1])
    statement = _statement(names)
    stored = set()
    with connection.cursor() as cursor:
        for job, values in rows:
            cursor.execute(statement, _parameters(names, job, values))
            if cursor.rowcount == 1:
                stored.add(job.pk)
                job.version += 1
    return stored


def _statement(names: Sequence[str]) -> str:
    quote = connection.ops.quote_name
    values = ", ".join(f"{quote(str(_BY_NAME[name].column))} = %s" for name in names)
    # Our own column names only; every value is a parameter.
    return (
        f"UPDATE {quote(JobQueue._meta.db_table)} SET {values}, version = version + 1"  # noqa: S608
        " WHERE id = %s AND version = %s AND status = %s"
    )


def _parameters(names: Sequence[str], job: JobQueue, values: Mapping[str, Any]) -> list[Any]:
    given = [(name, values[name]) for name in names]
    given += [("id", job.pk), ("version", job.version), ("status", job.status)]
    return [_BY_NAME[name].get_db_prep_save(value, connection) for name, value in given]
