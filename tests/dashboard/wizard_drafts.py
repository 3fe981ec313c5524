"""Drafts in every stage of the wizard, and what a person would send."""

from __future__ import annotations

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from jobs.models import ProviderStatus
from models_app.models import UserModel
from providers.catalog import FLUX1_DEV
from tests.factories import TrainingImageFactory, UserModelFactory, jpeg

STEPS = ("about", "photos", "training", "review")
ABOUT = {
    "name": "Ann",
    "kind": "person",
    "description": "My sister",
    "trigger_word": "ann_k7",
    "consent": "on",
}
TRAINING = {
    "option": f"local:{FLUX1_DEV}",
    "preset": "balanced",
    "epochs": "",
    "learning_rate": "",
    "batch_size": "",
    "resolution": "",
}


def trainer_answered(**changes: object) -> ProviderStatus:
    """The bundled trainer has described itself: it trains FLUX.1 dev, simulated, in 30 s."""
    description = {
        "key_is_valid": True,
        "can_train": [FLUX1_DEV],
        "can_generate": [FLUX1_DEV],
        "engine": "simulated",
        "training_seconds": 30.0,
        "notes": [],
    } | changes
    now = timezone.now()
    status, _ = ProviderStatus.objects.update_or_create(
        provider="local",
        defaults={"description": description, "described_at": now, "last_answer_at": now},
    )
    return status


def empty_draft(owner: User) -> UserModel:
    return UserModel.objects.create(owner=owner)


def draft(owner: User, photos: int = 0, **columns: object) -> UserModel:
    """A draft whose About is answered; its training is not."""
    unanswered = {"base_model": "", "provider": "", "preset": "", "options": {}}
    model = UserModelFactory(owner=owner, **(unanswered | columns))
    TrainingImageFactory.create_batch(photos, model=model)
    return model


def complete_draft(owner: User) -> UserModel:
    """A draft that can be started."""
    trainer_answered()
    model = UserModelFactory(owner=owner)
    TrainingImageFactory.create_batch(5, model=model)
    return model


def address(model: UserModel, step: str) -> str:
    return reverse("dashboard:wizard", args=[model.pk, step])


def upload_address(model: UserModel) -> str:
    return reverse("dashboard:photo_upload", args=[model.pk])


def photo(name: str = "IMG_1.JPG", colour: str = "teal") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, jpeg(colour=colour), "image/jpeg")
