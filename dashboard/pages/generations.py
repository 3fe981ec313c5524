"""Generations that have no images yet, failed, or made fewer than they were asked for."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Case, When
from django.utils.translation import ngettext

from dashboard.pages.cards import percent_of
from jobs.messages import Explanation, explain, is_short
from jobs.models import JobQueue
from jobs.services import can_cancel
from jobs.states import UNFINISHED, Status
from models_app.models import UserModel

MOST_GENERATIONS = 30


@dataclass(frozen=True, slots=True)
class Generation:
    """One generation, shown above the images."""

    job: JobQueue
    explanation: Explanation
    can_cancel: bool

    @property
    def title(self) -> str:
        """What is being made, or the state of a job that makes nothing now."""
        count = len(self.placeholders)
        is_working = count and self.job.status == Status.RUNNING and self.can_cancel
        if not is_working:
            return self.explanation.title
        return ngettext("Making %d picture", "Making %d pictures", count) % count

    @property
    def prompt(self) -> str:
        return str(self.job.payload.get("typed_prompt") or self.job.payload.get("prompt", ""))

    @property
    def percent(self) -> int:
        return percent_of(self.job)

    @property
    def is_failed(self) -> bool:
        return self.job.status == Status.FAILED

    @property
    def is_unclear(self) -> bool:
        return self.job.status == Status.UNKNOWN

    @property
    def placeholders(self) -> range:
        """One placeholder for each image that is on its way."""
        is_coming = not self.job.is_over and not self.is_unclear
        return range(int(self.job.payload.get("count", 1)) if is_coming else 0)

    @property
    def idempotency_key(self) -> str:
        """The idempotency key of “Try again”: one new job, however often it is clicked."""
        return f"again-{self.job.pk.hex}"


def generations_of(model: UserModel) -> list[Generation]:
    """Return the unfinished generations of `model`, and those that went wrong since one went
    well."""
    # What is unfinished comes first, so that a job that waits for a decision is never cut off.
    is_over = Case(When(status__in=sorted(UNFINISHED), then=0), default=1)
    jobs = JobQueue.objects.filter(model=model, kind=JobQueue.Kind.GENERATION)
    shown: list[Generation] = []
    has_gone_well_since = False
    for job in jobs.order_by(is_over, "-created_at")[:MOST_GENERATIONS]:
        went_wrong = job.status == Status.FAILED or is_short(job)
        if not job.is_over or (went_wrong and not has_gone_well_since):
            shown.append(Generation(job, explain(job), can_cancel(job)))
        has_gone_well_since |= job.status == Status.SUCCEEDED
    return sorted(shown, key=lambda generation: generation.job.created_at, reverse=True)
