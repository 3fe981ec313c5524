"""What programs that listen are told: each event of their jobs, as a list of events tells it."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from accounts.models import User
from api.auth import person_of, token_in
from api.problems import ProblemError
from api.schemas.jobs import EventOut
from jobs.models import JobEvent
from live.job_stream import begin_job_stream
from live.opening import NotContinuedError
from live.sign_ins import Opener, SignIn, TokenUse

# Where streams begin, as a regular expression (`live.addresses`).
ADDRESSES = r"/api/(jobs/[0-9a-f-]{36}/)?events/stream"


def written(event: JobEvent) -> str:
    """Return an event as JSON."""
    return EventOut.of(event).model_dump_json(by_alias=True)


def stream(request: HttpRequest, job_id: UUID | None = None) -> HttpResponseBase:
    """Begin a stream of the events of one job, or of all. Raises ProblemError and
    LimitReachedError."""
    person = person_of(request)
    if request.method == "HEAD":
        return HttpResponse(content_type="text/event-stream")
    try:
        return begin_job_stream(request, person, _opener(request, person), job_id=job_id)
    except NotContinuedError as error:
        text = _("This server sends no live updates. List the events instead.")
        raise ProblemError("unavailable", text) from error


def _opener(request: HttpRequest, person: User) -> Opener:
    token = token_in(request)
    return TokenUse.of(token) if token else SignIn.of(request, person)
