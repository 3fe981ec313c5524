"""The buttons of a job: cancel, try again, and the two for an answer that was lost."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from dashboard.person import person
from generation import services as generation
from jobs import services
from jobs.models import JobQueue
from jobs.selectors import job_for
from training import services as training


@require_POST
def job_cancel(request: HttpRequest, job_id: UUID) -> HttpResponse:
    return _act(request, job_id, services.cancel, "You asked to cancel it.")


@require_POST
def job_forget(request: HttpRequest, job_id: UUID) -> HttpResponse:
    return _act(request, job_id, services.forget, "Forgotten. If it turns up, it is stopped.")


@require_POST
def job_not_started(request: HttpRequest, job_id: UUID) -> HttpResponse:
    return _act(request, job_id, services.declare_not_started, "Thank you. It is sent again.")


@require_POST
def job_retry(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Start again what failed: a new job, once per press."""
    job = job_for(person(request), job_id)
    press = request.POST.get("press", "")
    try:
        if job.kind == JobQueue.Kind.TRAINING:
            training.try_again(job, press=press, provider=request.POST.get("provider") or None)
        else:
            generation.try_again(job, press=press)
    except (training.CannotStart, generation.CannotGenerate) as error:
        messages.error(request, str(error))
    return _back(job)


def _act(
    request: HttpRequest, job_id: UUID, action: Callable[..., None], done: str
) -> HttpResponse:
    user = person(request)
    job = job_for(user, job_id)
    try:
        action(job, by=user.email)
    except services.IllegalMove as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, done)
    return _back(job)


def _back(job: JobQueue) -> HttpResponse:
    if job.model_id is None:
        return redirect("dashboard:activity")
    return redirect("dashboard:model", job.model_id)
