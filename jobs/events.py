"""Writing the audit trail. Reading it is in `selectors`."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured

from jobs.models import JobEvent, JobQueue
from models_app.disk import is_away, is_full
from providers.redaction import sanitised

TEXT_LIMIT = JobEvent._meta.get_field("text").max_length
INCIDENT_LIMIT = JobQueue._meta.get_field("incident").max_length


def record(job: JobQueue, kind: str, text: str = "", **data: Any) -> JobEvent:
    """Append one event; `text` longer than the column is cut."""
    return JobEvent.objects.create(job=job, kind=kind, text=sanitised(text, TEXT_LIMIT), data=data)


def note(job: JobQueue, message: str, **values: Any) -> None:
    """Append a sentence for people: shown in the timeline.

    `message` is marked with gettext_noop and takes `values` as %(name)s, so that the event can
    be shown in another language than the one in which it was written.
    """
    record(job, JobEvent.Kind.NOTE, message % values, message=message, values=values)


def note_once(job: JobQueue, message: str, **values: Any) -> None:
    """Append a sentence for people, unless the timeline has it already."""
    text = sanitised(message % values, TEXT_LIMIT)
    if not job.events.filter(kind=JobEvent.Kind.NOTE, text=text).exists():
        note(job, message, **values)


def record_incident(job: JobQueue, message: str, **values: Any) -> None:
    """Flag something for the operator: kept on the job, listed in admin, noted in the timeline.

    `message` and `values` are as in `note`. The same sentence again changes nothing, and two
    that take turns are noted once each.
    """
    incident = sanitised(message % values, INCIDENT_LIMIT)
    if job.incident == incident:
        return
    job.incident = incident
    JobQueue.objects.filter(pk=job.pk).update(incident=incident)
    note_once(job, message, **values)


def error_text(error: Exception) -> str:
    """Return what a provider, or a kind of work, says about a failure, cut to the column.

    Nothing of other errors: the system's name our folders, those of libraries mean nothing to
    anybody. They are in the log, and `error_code` has words for what they mean.
    """
    is_told = hasattr(error, "detail") or isinstance(error, ImproperlyConfigured)
    return sanitised(str(getattr(error, "detail", "") or error), TEXT_LIMIT) if is_told else ""


def error_code(error: Exception) -> str:
    """Return the error code of `jobs.messages` for what a try failed with."""
    if is_full(error):
        return "disk_full"
    if is_away(error):
        return "storage_away"
    return str(getattr(error, "code", "internal"))
