"""Reading images, and which providers can generate with a model. No HTTP, no writes."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet
from django.http import Http404

from accounts.allowances import Usage
from accounts.models import User
from generation.models import GeneratedImage
from jobs.models import JobQueue
from jobs.selectors import descriptions, paid_in_a_day
from models_app.models import UserModel
from providers.availability import generation_options
from providers.options import GenerationOption

# How the idempotency key of a picture begins that nobody has asked for.
FIRST = "first-"


def images_of(user: User | AnonymousUser) -> QuerySet[GeneratedImage]:
    """Return the user's images with their models, newest first."""
    if not user.is_authenticated:
        return GeneratedImage.objects.none()
    return GeneratedImage.objects.filter(owner=user).select_related("model")


def images_of_model(model: UserModel) -> QuerySet[GeneratedImage]:
    return GeneratedImage.objects.filter(model=model)


def images_of_jobs(job_ids: Iterable[uuid.UUID]) -> QuerySet[GeneratedImage]:
    """Return the images of some jobs, each job's in its order. The caller asks whose they are."""
    return GeneratedImage.objects.filter(job__in=list(job_ids)).order_by("index")


def image_for(user: User | AnonymousUser, image_id: uuid.UUID) -> GeneratedImage:
    """Return the user's own image. Raises Http404 for any other."""
    image = images_of(user).filter(pk=image_id).first()
    if image is None:
        raise Http404("No such image")
    return image


def pictures_used(user: User) -> Usage:
    """Return the pictures that the person asked for in the last 24 hours."""
    asked = paid_in_a_day(user, JobQueue.Kind.GENERATION).values_list(
        "created_at", "payload__count"
    )
    return Usage.of_day((at, int(count or 1)) for at, count in asked)


def first_pictures() -> Q:
    """The condition on jobs for which `is_first_picture` holds."""
    return Q(idempotency_key__contains=f":{FIRST}")


def is_first_picture(job: JobQueue) -> bool:
    """Whether a generation was begun by itself (`generation.first_picture`)."""
    return f":{FIRST}" in job.idempotency_key


def options_for(model: UserModel) -> tuple[GenerationOption, ...]:
    """Return every provider for this model's weights, the one that trained them first: whether
    it can generate, and why not."""
    if not model.base_family:
        return ()
    options = generation_options(
        model.base_family,
        model.is_simulated,
        descriptions(),
        model.remote_ref,
        has_public_url=bool(settings.PUBLIC_URL),
    )
    return tuple(sorted(options, key=lambda option: option.provider != model.provider))
