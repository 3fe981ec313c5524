"""Writing the audit trail. Reading it is in `selectors`."""

from __future__ import annotations

from typing import Any

from jobs.models import JobEvent, JobQueue

TEXT_LIMIT = 1000


def record(job: JobQueue, kind: str, text: str = "", **data: Any) -> JobEvent:
    """Append one event; `text` longer than the column is cut."""
    return JobEvent.objects.create(job=job, kind=kind, text=text[:TEXT_LIMIT], data=data)


def note(job: JobQueue, text: str, **data: Any) -> JobEvent:
    """Append a sentence for people: shown in the timeline."""
    return record(job, JobEvent.Kind.NOTE, text, **data)


def alarm(job: JobQueue, text: str, **data: Any) -> None:
    """Raise a flag for the operator: kept on the job, listed in admin, noted in the timeline."""
    JobQueue.objects.filter(pk=job.pk).update(alarm=text[:300])
    note(job, text, alarm=True, **data)
