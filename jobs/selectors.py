"""Reading jobs. Nothing here writes or calls out."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import Http404
from django.utils import timezone

from accounts.limits import day_began
from accounts.models import User
from jobs.models import JobEvent, JobQueue, ProviderStatus
from jobs.states import OVER
from models_app.models import UserModel
from providers import registry
from providers.fit import Fit
from providers.types import Description, priced_model

CURVE_POINTS = 200
# Longer than any transaction that writes events takes.
SETTLED_AFTER = timedelta(seconds=10)
_HEX = re.compile(r"[0-9a-f]{1,32}")
# A provider that did not answer for this long counts as silent.
SILENT_AFTER = timedelta(seconds=20)


def jobs_of(user: User | AnonymousUser) -> QuerySet[JobQueue]:
    """The user's jobs with their models, newest first."""
    if not user.is_authenticated:
        return JobQueue.objects.none()
    return JobQueue.objects.filter(owner=user).select_related("model")


def paid_in_a_day(user: User, kind: str) -> QuerySet[JobQueue]:
    """The person's jobs of the last 24 hours, oldest first, without those that ended before
    anything was sent. Rows outlive their models, so that deleting one gives nothing back."""
    never_sent = Q(status__in=sorted(OVER), sent_at=None, call_over_at=None, run_id="")
    jobs = JobQueue.objects.filter(owner=user, kind=kind, created_at__gt=day_began())
    return jobs.exclude(never_sent).order_by("created_at")


def job_for(user: User | AnonymousUser, job_id: uuid.UUID) -> JobQueue:
    """The user's own job; raise Http404 where it is somebody else's."""
    job = jobs_of(user).filter(pk=job_id).first()
    if job is None:
        raise Http404("No such job")
    return job


def latest_job(model: UserModel, kind: str = "training") -> JobQueue | None:
    return JobQueue.objects.filter(model=model, kind=kind).order_by("-created_at").first()


def latest_jobs(models: Iterable[UserModel], kind: str = "training") -> dict[uuid.UUID, JobQueue]:
    """The newest job of each model, in one query: model id → job."""
    newest = JobQueue.objects.filter(model=OuterRef("model"), kind=kind).order_by("-created_at")
    rows = JobQueue.objects.filter(
        model__in=list(models), kind=kind, pk=Subquery(newest.values("pk")[:1])
    )
    return {job.model_id: job for job in rows if job.model_id}


def timeline(job: JobQueue) -> QuerySet[JobEvent]:
    """The events for people, states and notes, oldest first."""
    return job.events.filter(kind__in=[JobEvent.Kind.STATE, JobEvent.Kind.NOTE]).order_by("id")


def log_lines(job: JobQueue, limit: int = 200) -> list[JobEvent]:
    """The newest `limit` lines of the provider's log, oldest first."""
    newest = job.events.filter(kind=JobEvent.Kind.LOG).order_by("-id")[:limit]
    return list(reversed(newest))


def losses(job: JobQueue) -> list[tuple[int, float]]:
    """The loss curve as (step, loss), thinned to a number of points a page can draw."""
    rows = job.events.filter(kind=JobEvent.Kind.LOSS).order_by("id").values_list("data", flat=True)
    points = [(int(step), float(loss)) for data in rows for step, loss in data.get("points", ())]
    if len(points) <= CURVE_POINTS:
        return points
    stride = len(points) / (CURVE_POINTS - 1)
    return [points[int(index * stride)] for index in range(CURVE_POINTS - 1)] + [points[-1]]


def events_after(
    about: JobQueue | User, after: int, limit: int
) -> tuple[list[JobEvent], int, bool]:
    """Return events of a job, or of all jobs of a person, after the event `after`, oldest first;
    the `after` of the next page; and whether there is a next page now.

    Ids may become visible out of order on PostgreSQL, so the next page begins with what is younger
    than SETTLED_AFTER once more: readers tell repetitions by their ids, and miss nothing. After a
    page that is full of such events there is no next one before they are older.
    """
    events = about.events if isinstance(about, JobQueue) else _events_of(about)
    found = list(events.filter(pk__gt=after).order_by("pk")[: limit + 1])
    settled = timezone.now() - SETTLED_AFTER
    shown = found[:limit]
    next_after = max((event.pk for event in shown if event.at <= settled), default=after)
    return shown, next_after, len(found) > limit and next_after > after


def _events_of(person: User) -> QuerySet[JobEvent]:
    return JobEvent.objects.filter(job__owner=person)


def newest_event_id() -> int:
    """Where a page's live stream starts."""
    return JobEvent.objects.order_by("-id").values_list("id", flat=True).first() or 0


def provider_statuses() -> dict[str, ProviderStatus]:
    return {row.provider: row for row in ProviderStatus.objects.all()}


def descriptions() -> dict[str, Description | None]:
    """The last description of each configured provider; None where it never answered."""
    statuses = provider_statuses()
    return {
        key: description_in(statuses[key]) if key in statuses else None
        for key in registry.configured()
    }


def description_in(row: ProviderStatus) -> Description | None:
    """Return what a provider said last about itself; None where it never has."""
    if not row.description:
        return None
    stored: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in row.description.items()
        if name in Description.__dataclass_fields__
    }
    stored["fits"] = {key: Fit.from_json(one) for key, one in stored.get("fits", {}).items()}
    return Description(**{**stored, "price_factors": _price_factors(row)})


def _price_factors(row: ProviderStatus) -> dict[str, float]:
    now = (row.description or {}).get("unit_prices") or {}
    first = row.first_prices
    return {
        priced_model(name): price / first[name]
        for name, price in now.items()
        if first.get(name) and price != first[name]
    }


def silent_since(
    provider: str, statuses: dict[str, ProviderStatus] | None = None
) -> datetime | None:
    """Since when a provider has not answered, None while it does."""
    row = (provider_statuses() if statuses is None else statuses).get(provider)
    if row is None or not row.last_error:
        return None
    since = row.last_answer_at or row.last_error_at
    return since if since and timezone.now() - since > SILENT_AFTER else None


def starting_with(prefix: str) -> QuerySet[JobQueue]:
    """Return the jobs whose id begins with `prefix` (dashes allowed); none for anything else."""
    digits = prefix.strip().lower().replace("-", "")
    if not _HEX.fullmatch(digits):
        return JobQueue.objects.none()
    # A range instead of LIKE: the same on every database, and the primary key's index serves it.
    first, last = uuid.UUID(digits.ljust(32, "0")), uuid.UUID(digits.ljust(32, "f"))
    return JobQueue.objects.filter(pk__gte=first, pk__lte=last)
