"""Jobs: what is being trained and drawn, how it goes, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponseBase
from ninja import Query

from accounts.models import User
from api.auth import SPENDS, person_of
from api.paging import Cursor, Limit, page
from api.problems import ProblemError
from api.routing import may_fail, new_router
from api.schemas.jobs import EventOut, EventPageOut, JobOut, JobPageOut, RetryIn
from api.streams import stream
from generation import services as generation
from jobs import services
from jobs.models import JobQueue
from jobs.selectors import events_after, job_for, jobs_of
from training import services as training
from training.selectors import next_idempotency_key

router = new_router("Jobs")

After = Annotated[int, Query(ge=0, lt=2**63, description="`nextAfter` of the page before")]
Known = Annotated[int | None, Query(ge=0, lt=2**63, description="the last event that you know")]
# What a call that answers a stream says of it, for the description.
OF_EVENTS: dict[str, Any] = {
    "responses": {
        200: {
            "description": "The events, each with its id, its kind as `event` and JSON as `data`",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
    }
}
KNOWN = {204: {"description": "The job is over, and you know all of its events"}}
OF_EVENTS_OF_A_JOB: dict[str, Any] = {"responses": OF_EVENTS["responses"] | KNOWN}
EventLimit = Annotated[int, Query(ge=1, le=1000, description="How many at most")]
Kind = Annotated[str, Query(pattern="^(training|generation)?$", description="empty: both")]


@router.get("/jobs", response=JobPageOut)
def list_jobs(
    request: HttpRequest, kind: Kind = "", cursor: Cursor = "", limit: Limit = 50
) -> dict[str, Any]:
    """List your jobs, newest first."""
    rows = jobs_of(person_of(request))
    found = page(rows.filter(kind=kind) if kind else rows, cursor, limit)
    return {**found, "items": [JobOut.of(job) for job in found["items"]]}


@router.get("/jobs/{uuid:job_id}", response=JobOut)
def get_job(request: HttpRequest, job_id: UUID) -> JobOut:
    """Get one job: its state in numbers and in words."""
    return JobOut.of(job_for(person_of(request), job_id))


@router.get("/jobs/{uuid:job_id}/events", response=EventPageOut)
def list_job_events(
    request: HttpRequest, job_id: UUID, after: After = 0, limit: EventLimit = 200
) -> EventPageOut:
    """List what happened to a job, oldest first."""
    return _events(job_for(person_of(request), job_id), after, limit)


@router.get("/jobs/{uuid:job_id}/events/stream", openapi_extra=OF_EVENTS_OF_A_JOB)
@may_fail("limit_reached")
def stream_job_events(request: HttpRequest, job_id: UUID, after: Known = None) -> HttpResponseBase:
    """Follow a job by server-sent events: its events so far, then each as it comes, to the end.

    `Last-Event-ID`, or `after`, goes on after that event; some may come again."""
    return stream(request, job_for(person_of(request), job_id).pk)


@router.get("/events", response=EventPageOut)
def list_events(request: HttpRequest, after: After = 0, limit: EventLimit = 200) -> EventPageOut:
    """List what happened to all your jobs, oldest first.

    `/api/events/stream` is the same as server-sent events, each as it comes, without an end."""
    return _events(person_of(request), after, limit)


@router.get("/events/stream", openapi_extra=OF_EVENTS)
@may_fail("limit_reached")
def stream_events(request: HttpRequest, after: Known = None) -> HttpResponseBase:
    """Follow all your jobs by server-sent events: each as it comes, without an end.

    `Last-Event-ID`, or `after`, goes on after that event; some may come again."""
    return stream(request)


@router.post("/jobs/{uuid:job_id}/cancel", response=JobOut)
@may_fail("not_possible")
def cancel_job(request: HttpRequest, job_id: UUID) -> JobOut:
    """Ask for a job to be stopped. What its provider has done may still cost money."""
    return _acted(request, job_id, services.cancel)


@router.post("/jobs/{uuid:job_id}/abandon", response=JobOut)
@may_fail("not_possible")
def abandon_job(request: HttpRequest, job_id: UUID) -> JobOut:
    """Give up a job of which nobody knows whether it has started; if it appears, it is stopped."""
    return _acted(request, job_id, services.abandon)


@router.post("/jobs/{uuid:job_id}/not-started", response=JobOut, auth=SPENDS)
@may_fail("not_possible", "budget_reached", "installation_budget_reached")
def declare_not_started(request: HttpRequest, job_id: UUID) -> JobOut:
    """Say of such a job that it has not started: it is sent again, and paid if you are wrong."""
    return _acted(request, job_id, services.declare_not_started)


@router.post("/jobs/{uuid:job_id}/retry", response=JobOut, auth=SPENDS)
@may_fail("not_startable", "not_possible", "budget_reached", "installation_budget_reached")
def retry_job(request: HttpRequest, job_id: UUID, wishes: RetryIn) -> JobOut:
    """Do a failed or cancelled job again, as a new one with the same photos or wishes.

    Once: repeating it returns the job that followed. What only failed to be fetched is fetched."""
    job = job_for(person_of(request), job_id)
    return JobOut.of(_retried(job, wishes.given().get("provider")))


def _events(about: JobQueue | User, after: int, limit: int) -> EventPageOut:
    shown, next_after, has_more = events_after(about, after, limit)
    items = [EventOut.of(event) for event in shown]
    return EventPageOut(items=items, next_after=next_after, has_more=has_more)


def _acted(request: HttpRequest, job_id: UUID, action: Callable[..., None]) -> JobOut:
    person = person_of(request)
    job = job_for(person, job_id)
    action(job, by=person.email)
    return JobOut.of(job_for(person, job_id))


def _retried(job: JobQueue, provider: str | None) -> JobQueue:
    if job.kind == JobQueue.Kind.GENERATION:
        return generation.try_again(job, idempotency_key=f"again:{job.pk.hex}")
    if job.model is None:
        raise ProblemError("not_possible", "Its model is deleted.")
    if follower := _follower(job):
        return follower
    try:
        key = next_idempotency_key(job.model)
        return training.try_again(job, idempotency_key=key, provider=provider)
    except training.StartRefusedError:
        # Somebody else may have done it in this moment: then that is the answer.
        if follower := _follower(job):
            return follower
        raise


def _follower(job: JobQueue) -> JobQueue | None:
    """Return the training of the same model that came after this one, None for the newest."""
    later = JobQueue.objects.filter(
        model=job.model, kind=job.kind, created_at__gt=job.created_at
    ).order_by("created_at")
    return later.first()
