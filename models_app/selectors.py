"""Queries for models and photos. Permission is checked here: other users' rows do not exist."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.models import AbstractUser
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.shortcuts import get_object_or_404

from accounts.allowances import Usage
from accounts.limits import day_began
from accounts.models import User
from models_app.models import IS_DRAFT, PhotoUpload, TrainingImage, UserModel


def models_of(user: AbstractUser) -> QuerySet[UserModel]:
    """Return the user's models, newest first.

    Each carries `photo_count`, and of its first photo `cover_id` and `cover_thumbnail`, its id and
    its thumbnail's name or None, so that a list of cards costs one query.
    """
    photos = TrainingImage.objects.filter(model=OuterRef("pk"))
    # In a subquery: a joined count would group by every column and lose the order.
    counted = photos.order_by().values("model").annotate(count=Count("pk")).values("count")
    return UserModel.objects.filter(owner_id=user.pk).annotate(
        photo_count=Coalesce(Subquery(counted), 0),
        cover_id=Subquery(photos.values("pk")[:1]),
        cover_thumbnail=Subquery(photos.values("thumbnail")[:1]),
    )


def model_for(user: AbstractUser, model_id: UUID) -> UserModel:
    """Return the user's model; raise Http404 for an unknown one or another user's."""
    return get_object_or_404(UserModel, pk=model_id, owner=user)


def photos_of(model: UserModel) -> QuerySet[TrainingImage]:
    """Return the model's photos in the owner's order."""
    return TrainingImage.objects.filter(model=model)


def photo_for(user: AbstractUser, photo_id: UUID) -> TrainingImage:
    """Return the user's photo with its model; raise Http404 as `model_for` does."""
    photos = TrainingImage.objects.select_related("model")
    return get_object_or_404(photos, pk=photo_id, model__owner=user)


def drafts_of(user: AbstractUser) -> QuerySet[UserModel]:
    """Return the models that are still being set up, with what `models_of` adds."""
    return models_of(user).filter(IS_DRAFT)


def drafts_used(user: User) -> Usage:
    """Return how many drafts the person has."""
    return Usage(UserModel.objects.filter(IS_DRAFT, owner=user).count())


def uploads_used(user: User) -> Usage:
    """Return the photos that the person sent in the last 24 hours."""
    sent = PhotoUpload.objects.filter(owner=user, at__gt=day_began()).order_by("at")
    return Usage.of_day((at, 1) for at in sent.values_list("at", flat=True))
