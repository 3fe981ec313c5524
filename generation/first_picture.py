"""The first picture of a model: made by itself once it is trained, where that costs nothing."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_noop

from accounts import limits
from accounts.limits import LimitReachedError
from accounts.models import User
from generation.ideas import ideas_for
from generation.prompts import DEFAULT_RATIO
from generation.selectors import FIRST, options_for
from generation.services import GenerationRefusedError, create
from jobs.events import note
from jobs.models import JobQueue
from jobs.selectors import silent_since
from models_app.models import UserModel
from providers.options import GenerationOption


def make(training: JobQueue) -> JobQueue | None:
    """Queue one picture with the model of a training that has just succeeded; None where that
    would cost something, cannot be done now, or pictures were asked for already.

    Nobody has pressed anything, so nothing of this is a failure: the page offers it instead.
    """
    owner_id, model_id = training.owner_id, training.model_id
    if not settings.FIRST_PICTURE or owner_id is None or model_id is None:
        return None
    try:
        return _make(training, owner_id, model_id)
    except (GenerationRefusedError, LimitReachedError, User.DoesNotExist):
        return None


def free_option(model: UserModel) -> GenerationOption | None:
    """Return who makes pictures with the model on a machine of the installation, for nothing."""
    for option in options_for(model):
        is_open = option.is_available and silent_since(option.provider) is None
        if option.is_free and is_open:
            return option
    return None


@transaction.atomic
def _make(training: JobQueue, owner_id: int, model_id: uuid.UUID) -> JobQueue | None:
    # In the order in which everybody locks them; under these locks nobody else begins a picture,
    # and the model is not deleted.
    limits.lock(owner_id)
    model = UserModel.objects.select_for_update().filter(pk=model_id).first()
    if model is None or _is_begun(model) or not (option := free_option(model)):
        return None
    job = create(
        model,
        idempotency_key=f"{FIRST}{training.pk.hex}",
        prompt=ideas_for(model)[0],
        ratio=DEFAULT_RATIO,
        count=1,
        seed=None,
        strength=1.0,
        provider=option.provider,
    )
    note(job, gettext_noop("Begun by itself when the training was done. It costs nothing."))
    return job


def _is_begun(model: UserModel) -> bool:
    return JobQueue.objects.filter(model=model, kind=JobQueue.Kind.GENERATION).exists()
