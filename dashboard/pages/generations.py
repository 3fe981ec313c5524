"""The pictures of one model as its page shows them: in sets, each what one press asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Case, When
from django.urls import reverse
from django.utils.translation import gettext, ngettext

from dashboard.pages.cards import percent_of
from dashboard.pages.questions import Question, abandoning, sending_again
from generation.models import GeneratedImage
from generation.prompts import DEFAULT_RATIO
from jobs.messages import Explanation, explain, is_short
from jobs.models import JobQueue
from jobs.services import can_cancel
from jobs.states import UNFINISHED, Status
from models_app.models import UserModel

MOST_GENERATIONS = 30


@dataclass(slots=True)
class PictureSet:
    """The pictures of one prompt, those that are on their way, or why there are none.

    `job` is None where it is longer ago than what is read of jobs, or its row is gone.
    """

    key: str
    job: JobQueue | None = None
    # Of one that is unfinished or went wrong; what went well needs none.
    explanation: Explanation | None = None
    images: list[GeneratedImage] = field(default_factory=list)

    @property
    def prompt(self) -> str:
        """What was typed, for the heading."""
        said: dict[str, Any] = self.job.payload if self.job else self.images[0].settings
        typed = said.get("typed_prompt") or said.get("prompt", "")
        return str(typed or (self.images[0].prompt if self.images else gettext("Pictures")))

    @property
    def is_coming(self) -> bool:
        """Whether pictures are on their way."""
        return self.job is not None and not self.job.is_over and not self.is_unclear

    @property
    def title(self) -> str:
        """What is being made, or the state of a job that makes nothing now; nothing where the tag
        beside it says the same."""
        count = len(self.placeholders)
        if self.job is None or self.explanation is None:
            return ""
        is_working = count and self.job.status == Status.RUNNING and self.can_cancel
        if not is_working:
            title = self.explanation.title
            return "" if title == str(Status(self.job.status).label) else title
        return ngettext("Making %d picture", "Making %d pictures", count) % count

    @property
    def percent(self) -> int:
        return percent_of(self.job)

    @property
    def can_cancel(self) -> bool:
        return self.job is not None and can_cancel(self.job)

    @property
    def is_failed(self) -> bool:
        return self.job is not None and self.job.status == Status.FAILED

    @property
    def is_unclear(self) -> bool:
        return self.job is not None and self.job.status == Status.UNKNOWN

    @property
    def sending_again(self) -> Question | None:
        return sending_again(self.job) if self.job else None

    @property
    def abandoning(self) -> Question | None:
        return abandoning(self.job) if self.job else None

    @property
    def placeholders(self) -> range:
        """One place for each picture that is still on its way."""
        if self.job is None or not self.is_coming:
            return range(0)
        return range(len(self.images), int(self.job.payload.get("count", 1)))

    @property
    def ratio(self) -> str:
        """The shape of those that are on their way."""
        return str(self.job.payload.get("ratio", DEFAULT_RATIO)) if self.job else DEFAULT_RATIO

    @property
    def is_single(self) -> bool:
        return len(self.images) + len(self.placeholders) == 1

    @property
    def idempotency_key(self) -> str:
        """The idempotency key of “Try again”: one new job, however often it is clicked."""
        return f"again-{self.job.pk.hex}" if self.job else ""

    @property
    def asked_at(self) -> datetime:
        return self.job.created_at if self.job else self.images[0].created_at


def address_of(job: JobQueue) -> str:
    """Return where the page shows what becomes of a generation: its heading, which takes the
    focus."""
    return reverse("dashboard:model", args=[job.model_id]) + f"#set-{job.pk}-prompt"


def newest_generations(model: UserModel) -> list[JobQueue]:
    """Return the newest generations of `model`, what is unfinished first, so that a job that
    waits for a decision is never cut off."""
    is_over = Case(When(status__in=sorted(UNFINISHED), then=0), default=1)
    jobs = JobQueue.objects.filter(model=model, kind=JobQueue.Kind.GENERATION)
    return list(jobs.order_by(is_over, "-created_at")[:MOST_GENERATIONS])


def sets_of(jobs: Sequence[JobQueue], images: Iterable[GeneratedImage]) -> list[PictureSet]:
    """Return the sets of a model, newest first: those with pictures, those that are unfinished,
    and those that went wrong since one went well. What is unclear needs a person, so it is on top.
    """
    sets = {str(one.key): one for one in _told(jobs)}
    known = {job.pk: job for job in jobs}
    for image in images:
        key = str(image.job_id or f"{image.pk}")
        job = known.get(image.job_id) if image.job_id else None
        sets.setdefault(key, PictureSet(key, job)).images.append(image)
    for one in sets.values():
        one.images.sort(key=lambda image: image.index)
    return sorted(sets.values(), key=lambda one: (one.is_unclear, one.asked_at), reverse=True)


def _told(jobs: Sequence[JobQueue]) -> list[PictureSet]:
    told: list[PictureSet] = []
    has_gone_well_since = False
    for job in jobs:
        went_wrong = job.status == Status.FAILED or is_short(job)
        is_shown = went_wrong and not has_gone_well_since
        if not job.is_over or is_shown:
            told.append(PictureSet(str(job.pk), job, explain(job)))
        has_gone_well_since |= job.status == Status.SUCCEEDED
    return told
