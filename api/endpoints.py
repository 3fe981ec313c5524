"""The JSON API: read-only, with the permissions of the pages."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.contrib.admin.views.decorators import staff_member_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext
from ninja import NinjaAPI
from ninja.errors import HttpError
from ninja.security import SessionAuth

from accounts.limit_texts import problem
from accounts.limits import LimitReachedError, allowances
from accounts.models import User
from api.schemas import JobOut, LimitsOut, ModelDetailOut, ModelOut, ModelPageOut, UsageOut
from jobs.selectors import job_for, latest_job
from models_app.limits import LIMITS
from models_app.paging import is_page_key, page_of
from models_app.selectors import models_of

MODELS_PER_PAGE = 100


class SignedIn(SessionAuth):
    """The browser's session; personal tokens can be added beside it."""

    def authenticate(self, request: HttpRequest, key: str | None) -> User | None:
        return request.user if isinstance(request.user, User) else None


api = NinjaAPI(
    title="TheWay",
    version="1",
    auth=SignedIn(),
    docs_decorator=staff_member_required,
    urls_namespace="api",
)


@api.exception_handler(LimitReachedError)
def limit_reached(request: HttpRequest, error: LimitReachedError) -> HttpResponse:
    """402 where it is about money, else 429: a stable code, the sentence, and when to try again."""
    response = api.create_response(request, problem(error), status=error.status)
    if error.retry_after:
        response["Retry-After"] = str(error.retry_after)
    return response


@api.get("/limits", response=LimitsOut)
def limits(request: HttpRequest) -> dict[str, Any]:
    """The limits for a photo and for a set of photos."""
    return asdict(LIMITS)


@api.get("/usage", response=list[UsageOut])
def usage(request: HttpRequest) -> list[UsageOut]:
    """What you may use and have used, of every limit that holds for you."""
    return [UsageOut.of(one) for one in allowances(_user(request))]


@api.get("/models", response=ModelPageOut)
def models(request: HttpRequest, before: str = "") -> dict[str, Any]:
    """Your models, newest first; `before` is the `next` of the previous page."""
    if before and not is_page_key(before):
        raise HttpError(422, gettext("“before” is not the “next” of a page."))
    page = page_of(models_of(_user(request)), before=before, size=MODELS_PER_PAGE)
    return {"models": page.rows, "next": page.next}


@api.get("/models/{uuid:model_id}", response=ModelDetailOut)
def model(request: HttpRequest, model_id: UUID) -> ModelDetailOut:
    """One of your models with its newest training."""
    row = get_object_or_404(models_of(_user(request)), pk=model_id)
    job = latest_job(row)
    columns = ModelOut.from_orm(row).dict()
    return ModelDetailOut(**columns, options=row.options, job=JobOut.of(job) if job else None)


@api.get("/jobs/{uuid:job_id}", response=JobOut)
def job(request: HttpRequest, job_id: UUID) -> JobOut:
    """One of your jobs: its state in numbers and in words."""
    return JobOut.of(job_for(_user(request), job_id))


def _user(request: HttpRequest) -> User:
    user: User = request.auth  # type: ignore[attr-defined]  # what SignedIn returned
    return user
