"""Actions on trainings, added to the list of jobs."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, gettext_lazy as _, ngettext

from accounts.limits import LimitReachedError
from jobs.admin import JobAdmin
from jobs.models import JobQueue
from training import selectors, services


@admin.action(description=_("Try the training again"), permissions=["operate"])
def try_again(job_admin: JobAdmin, request: HttpRequest, queryset: QuerySet[JobQueue]) -> None:
    """Start each failed or cancelled training again, as a new job."""
    started = 0
    for job in queryset.select_related("model"):
        if job.model is None or job.kind != JobQueue.Kind.TRAINING:
            job_admin.message_user(
                request, gettext("%(job)s has no model to train.") % {"job": job}, messages.WARNING
            )
            continue
        try:
            key = selectors.next_idempotency_key(job.model)
            services.try_again(job, idempotency_key=key)
            started += 1
        except (services.StartRefusedError, LimitReachedError) as error:
            job_admin.message_user(request, f"{job}: {error}", messages.WARNING)
    if started:
        text = ngettext("%d training started again.", "%d trainings started again.", started)
        job_admin.message_user(request, text % started, messages.SUCCESS)


JobAdmin.actions = (*JobAdmin.actions, try_again)
