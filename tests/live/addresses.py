"""The site with streams for programs, as a room above `live` opens them."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import path

from accounts import tokens
from accounts.limits import LimitReachedError
from jobs.models import JobEvent
from jobs.selectors import job_for
from live import addresses, rendering
from live.job_stream import EventRendering, begin_job_stream
from live.opening import NotContinuedError
from live.sign_ins import TokenUse
from live.topics import JobsTopic
from theway.urls import urlpatterns as site

ALL = "/streams/jobs"


def address_of(job: Any) -> str:
    return f"{ALL}/{job.pk}"


def written(event: JobEvent) -> str:
    return json.dumps({"id": event.pk, "jobId": str(event.job_id), "text": event.text})


@login_not_required
def stream(request: HttpRequest, job_id: UUID | None = None) -> HttpResponseBase:
    """What a view of the API does: who calls, may they, and the stream."""
    raw = tokens.sent_in(request.headers.get("Authorization", ""))
    if (token := tokens.authenticate(raw, address="")) is None:
        return HttpResponse("unauthorized", status=401)
    wanted = job_for(token.user, job_id).pk if job_id else None
    try:
        return begin_job_stream(request, token.user, TokenUse.of(token), job_id=wanted)
    except LimitReachedError as error:
        return HttpResponse(str(error), status=error.status)
    except NotContinuedError:
        return HttpResponse("no streams here", status=503)


def register() -> None:
    """Do what the room does when Django starts."""
    addresses.register(rf"{ALL}(/[0-9a-f-]{{36}})?")
    rendering.register(JobsTopic, EventRendering(written))


urlpatterns = [
    *site,
    path("streams/jobs", stream),
    path("streams/jobs/<uuid:job_id>", stream),
]
