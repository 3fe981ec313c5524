"""The buttons of a job: cancel, try again, and the two for an unclear job; what is asked before."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.limits import LimitReachedError
from dashboard.current_user import current_user
from dashboard.pages.generations import address_of
from dashboard.pages.questions import question_about
from generation import services as generation
from jobs import services
from jobs.engine.transitions import TransitionError
from jobs.models import JobQueue
from jobs.selectors import job_for
from training import services as training


@require_safe
def job_question(request: HttpRequest, job_id: UUID, about: str) -> HttpResponse:
    """Ask before a button acts. Where there is nothing to ask any more, the page of the job says
    what became of it."""
    job = job_for(current_user(request), job_id)
    question = question_about(job, about)
    if question is None:
        return _back(job)
    return render(request, "question.html", {"question": question})


@require_POST
def job_cancel(request: HttpRequest, job_id: UUID) -> HttpResponse:
    return _act(request, job_id, services.cancel, _("Cancellation requested."))


@require_POST
def job_abandon(request: HttpRequest, job_id: UUID) -> HttpResponse:
    done = _("Abandoned. If it still appears at the trainer, it is stopped.")
    return _act(request, job_id, services.abandon, done)


@require_POST
def job_not_started(request: HttpRequest, job_id: UUID) -> HttpResponse:
    return _act(request, job_id, services.declare_not_started, _("It is sent again."))


@require_POST
def job_retry(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Start a failed or cancelled job again: one new job per click."""
    job = job_for(current_user(request), job_id)
    key = request.POST.get("idempotency_key", "")
    try:
        if job.kind == JobQueue.Kind.TRAINING:
            provider = request.POST.get("provider") or None
            training.try_again(job, idempotency_key=key, provider=provider)
        else:
            return redirect(address_of(generation.try_again(job, idempotency_key=key)))
    except (
        training.StartRefusedError,
        generation.GenerationRefusedError,
        LimitReachedError,
    ) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("It starts again."))
    return _back(job)


def _act(
    request: HttpRequest, job_id: UUID, action: Callable[..., None], done: str
) -> HttpResponse:
    user = current_user(request)
    job = job_for(user, job_id)
    try:
        action(job, by=user.email)
    except (TransitionError, LimitReachedError) as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, done)
    return _back(job)


def _back(job: JobQueue) -> HttpResponse:
    if job.model_id is None:
        return redirect("dashboard:activity")
    return redirect("dashboard:model", job.model_id)
