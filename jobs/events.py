"""Writing the audit trail. Reading it is in `selectors`."""

from __future__ import annotations

from typing import Any

from jobs.models import JobEvent, JobQueue

TEXT_LIMIT = 1000


def storable(text: str, limit: int = TEXT_LIMIT) -> str:
    """Return at most `limit` characters of a provider's words, fit for any database.

    JSON may hold a null byte, which PostgreSQL refuses, and half a surrogate pair, which
    cannot be encoded: either would make every attempt to store it fail.
    """
    return text.encode("utf-8", "replace").decode().replace("\x00", "")[:limit]


def record(job: JobQueue, kind: str, text: str = "", **data: Any) -> JobEvent:
    """Append one event; `text` longer than the column is cut."""
    return JobEvent.objects.create(job=job, kind=kind, text=storable(text), data=data)


def note(job: JobQueue, text: str, **data: Any) -> JobEvent:
    """Append a sentence for people: shown in the timeline."""
    return record(job, JobEvent.Kind.NOTE, text, **data)


def alarm(job: JobQueue, text: str, **data: Any) -> None:
    """Raise a flag for the operator: kept on the job, listed in admin, noted in the timeline.

    The same sentence again changes nothing.
    """
    if job.alarm == text[:300]:
        return
    job.alarm = text[:300]
    JobQueue.objects.filter(pk=job.pk).update(alarm=job.alarm)
    note(job, text, alarm=True, **data)
