"""Models as cards: on Home, in the list and in the live stream."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import (
    BooleanField,
    Exists,
    ExpressionWrapper,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from dashboard.pages.track import stage_now
from dashboard.photo_addresses import thumbnail_address
from generation.models import GeneratedImage
from generation.selectors import first_pictures
from jobs.models import JobQueue
from jobs.selectors import latest_jobs
from jobs.states import UNFINISHED, Status
from models_app.models import UserModel
from models_app.selectors import models_of

# For so long a list says of a model that it has just become ready, until somebody has asked it for
# a picture.
FRESH = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class ModelCard:
    """One model in a list. `cover` is the address of a thumbnail, "" without any picture."""

    model: UserModel
    job: JobQueue | None
    cover: str
    is_generating: bool

    @property
    def is_in_wizard(self) -> bool:
        return is_in_wizard(self.model, self.job)

    @property
    def is_busy(self) -> bool:
        return self.is_training or self.is_generating

    @property
    def is_training(self) -> bool:
        return self.job is not None and not self.job.is_over

    @property
    def is_unclear(self) -> bool:
        return self.job is not None and self.job.status == Status.UNKNOWN

    @property
    def is_cancelled(self) -> bool:
        return self.job is not None and self.job.status == Status.CANCELLED

    @property
    def is_simulated(self) -> bool:
        return self.model.is_simulated or (self.job is not None and self.job.is_simulated)

    @property
    def address(self) -> str:
        if self.is_in_wizard:
            return reverse("dashboard:wizard", args=[self.model.pk, "about"])
        return reverse("dashboard:model", args=[self.model.pk])

    @property
    def percent(self) -> int:
        return percent_of(self.job)

    @property
    def stage(self) -> str:
        """Where its training is before there is a number."""
        return stage_now(self.job) if self.job else ""


def models_with_covers(user: User) -> QuerySet[UserModel]:
    """Return the user's models with what a card shows of other tables, in one query."""
    images = GeneratedImage.objects.filter(model=OuterRef("pk")).order_by("-created_at")
    generation = JobQueue.objects.filter(
        model=OuterRef("pk"), kind=JobQueue.Kind.GENERATION, status__in=sorted(UNFINISHED)
    )
    asked = JobQueue.objects.filter(model=OuterRef("pk"), kind=JobQueue.Kind.GENERATION)
    is_fresh = Q(
        ~Exists(asked.exclude(first_pictures())),
        status=UserModel.Status.READY,
        ready_at__gt=timezone.now() - FRESH,
    )
    return models_of(user).annotate(
        image_id=Subquery(images.values("pk")[:1]),
        is_generating=Exists(generation),
        is_fresh=ExpressionWrapper(is_fresh, BooleanField()),
    )


def cards_of(models: Iterable[UserModel]) -> list[ModelCard]:
    """Return a card for each model of `models_with_covers`; one query for all their jobs."""
    models = list(models)
    jobs = latest_jobs(models) if models else {}
    return [
        ModelCard(model, jobs.get(model.pk), _cover(model), getattr(model, "is_generating", False))
        for model in models
    ]


def is_in_wizard(model: UserModel, job: JobQueue | None) -> bool:
    """Whether the model has no page yet but the wizard: a draft that was never started."""
    return model.is_draft and job is None


def percent_of(job: JobQueue | None) -> int:
    """Return whole percents, rounded down: 100 only when it is done."""
    return int(job.progress * 100) if job else 0


def _cover(model: UserModel) -> str:
    image: UUID | None = getattr(model, "image_id", None)
    photo: UUID | None = getattr(model, "cover_id", None)
    if image:
        return reverse("dashboard:image_file", args=[image, "thumbnail"])
    if photo:
        return thumbnail_address(photo, getattr(model, "cover_thumbnail", ""))
    return ""
