"""What operators may do with trainings, added to the list of jobs."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from jobs.admin import JobAdmin
from jobs.models import JobQueue
from training import selectors, services


@admin.action(description="Try the training again", permissions=["operate"])
def try_again(job_admin: JobAdmin, request: HttpRequest, queryset: QuerySet[JobQueue]) -> None:
    """Start each failed or cancelled training again, as a new job."""
    started = 0
    for job in queryset.select_related("model"):
        if job.model is None or job.kind != JobQueue.Kind.TRAINING:
            job_admin.message_user(request, f"{job} has no model to train.", messages.WARNING)
            continue
        try:
            services.try_again(job, press=selectors.next_press(job.model))
            started += 1
        except services.CannotStart as error:
            job_admin.message_user(request, f"{job}: {error}", messages.WARNING)
    if started:
        noun = "training" if started == 1 else "trainings"
        job_admin.message_user(request, f"{started} {noun} started again.", messages.SUCCESS)


JobAdmin.actions = (*JobAdmin.actions, try_again)
