"""All jobs of one person, each in one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from dashboard.current_user import current_user
from dashboard.pages.generations import address_of
from jobs.messages import Explanation, explain
from jobs.models import JobQueue
from jobs.selectors import jobs_of
from jobs.states import UNFINISHED, Status
from models_app.paging import page_of
from providers.registry import label_of

JOBS_PER_PAGE = 30


@dataclass(frozen=True, slots=True)
class Filter:
    """A choice above the list: which states it shows."""

    key: str
    label: str | Promise
    states: frozenset[Status]


FILTERS: Mapping[str, Filter] = {
    one.key: one
    for one in (
        Filter("", _("All"), frozenset(Status)),
        Filter("open", _("In progress"), UNFINISHED),
        Filter("done", _("Done"), frozenset({Status.SUCCEEDED})),
        Filter("failed", _("Failed"), frozenset({Status.FAILED})),
        Filter("cancelled", _("Cancelled"), frozenset({Status.CANCELLED})),
    )
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One job in the list."""

    job: JobQueue
    explanation: Explanation
    provider: str

    @property
    def is_training(self) -> bool:
        return self.job.kind == JobQueue.Kind.TRAINING

    @property
    def prompt(self) -> str:
        """What was asked for, to tell the pictures of one model apart; "" for a training."""
        said = {} if self.is_training else self.job.payload
        return str(said.get("typed_prompt") or said.get("prompt", ""))

    @property
    def address(self) -> str:
        """Where it is shown on the page of its model."""
        if self.is_training:
            return reverse("dashboard:model", args=[self.job.model_id])
        return address_of(self.job)


@require_safe
def activity(request: HttpRequest) -> HttpResponse:
    chosen = FILTERS.get(request.GET.get("show", ""), FILTERS[""])
    jobs = jobs_of(current_user(request)).filter(status__in=sorted(chosen.states))
    page = page_of(jobs, before=request.GET.get("before", ""), size=JOBS_PER_PAGE)
    context = {
        "entries": [Entry(job, explain(job), label_of(job.provider)) for job in page.rows],
        "filters": FILTERS.values(),
        "chosen": chosen,
        "next": page.next,
    }
    return render(request, "activity.html", context)
