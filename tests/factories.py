"""Rows for tests. A trait per state, so that a test names only what it is about."""

from __future__ import annotations

import hashlib
import io
import uuid
from datetime import timedelta

import factory
from django.core.files.base import ContentFile
from django.utils import timezone
from PIL import Image

from accounts.models import User
from generation.models import GeneratedImage
from jobs.models import JobQueue, PaidCall
from models_app.models import TrainingImage, UserModel
from training.models import TrainingSample

PASSWORD = "correct horse battery"
# The account of the scripted trainer: its address and key (tests/scripted_trainer.py).
ACCOUNT = hashlib.sha256(b"http://127.0.0.1:9/v1\nsecret-key").hexdigest()[:16]


def jpeg(width: int = 640, height: int = 480, colour: str = "teal", quality: int = 90) -> bytes:
    """Return a real JPEG of one colour; a different colour is a different photo."""
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@example.org")
    password = factory.django.Password(PASSWORD)

    class Params:
        operator = factory.Trait(is_staff=True, is_superuser=True)


class UserModelFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = UserModel

    owner = factory.SubFactory(UserFactory)
    name = "Ann"
    kind = "product"
    # another word than any that a test asks for by name
    trigger_word = factory.Sequence(lambda n: f"word_k{n}")
    base_model = "black-forest-labs/FLUX.1-dev"
    provider = "local"
    preset = "balanced"
    options = factory.LazyFunction(
        lambda: {"epochs": 100, "learning_rate": 0.0002, "batch_size": 1, "resolution": 1024}
    )

    class Params:
        training = factory.Trait(status="training", started_at=factory.LazyFunction(timezone.now))
        ready = factory.Trait(
            status="ready",
            started_at=factory.LazyFunction(timezone.now),
            ready_at=factory.LazyFunction(timezone.now),
            weights=factory.LazyFunction(lambda: ContentFile(b"weights", name="w.safetensors")),
            weights_size=len(b"weights"),
            weights_sha256=hashlib.sha256(b"weights").hexdigest(),
            base_family="flux1-dev",
            remote_ref="http://127.0.0.1:1/v1/finetune/download?ft_id=ft-1&checkpoint=adapter",
            engine="simulated",
        )
        failed = factory.Trait(status="failed", failed_reason="The trainer refused the photos.")


class TrainingImageFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = TrainingImage

    model = factory.SubFactory(UserModelFactory)
    original_filename = factory.Sequence(lambda n: f"IMG_{n}.JPG")
    file = factory.LazyFunction(lambda: ContentFile(jpeg(), name=f"{uuid.uuid4()}.jpg"))
    thumbnail = factory.LazyFunction(lambda: ContentFile(jpeg(96, 96), name=f"{uuid.uuid4()}.jpg"))
    size = factory.LazyAttribute(lambda photo: photo.file.size)
    sha256 = factory.LazyFunction(lambda: uuid.uuid4().hex * 2)
    position = factory.Sequence(int)


class JobFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = JobQueue

    kind = "training"
    owner = factory.SelfAttribute("model.owner")
    model = factory.SubFactory(UserModelFactory, training=True)
    provider = "local"
    account = ACCOUNT
    idempotency_key = factory.LazyFunction(lambda: uuid.uuid4().hex)
    deadline_at = factory.LazyFunction(lambda: timezone.now() + timedelta(hours=24))

    class Params:
        submitting = factory.Trait(
            status="submitting",
            claim=factory.LazyFunction(uuid.uuid4),
            lease_until=factory.LazyFunction(lambda: timezone.now() + timedelta(minutes=5)),
        )
        unknown = factory.Trait(
            status="unknown",
            sent_at=factory.LazyFunction(timezone.now),
            call_over_at=factory.LazyFunction(timezone.now),
        )
        running = factory.Trait(
            status="running",
            run_id=factory.Sequence(lambda n: f"ft-{n}"),
            sent_at=factory.LazyFunction(timezone.now),
            submitted_at=factory.LazyFunction(timezone.now),
        )
        finishing = factory.Trait(
            status="finishing", run_id=factory.Sequence(lambda n: f"ft-{n}"), progress=1.0
        )
        succeeded = factory.Trait(
            status="succeeded",
            run_id=factory.Sequence(lambda n: f"ft-{n}"),
            progress=1.0,
            finished_at=factory.LazyFunction(timezone.now),
        )
        failed = factory.Trait(
            status="failed", error_code="rejected", finished_at=factory.LazyFunction(timezone.now)
        )
        cancelled = factory.Trait(
            status="cancelled", finished_at=factory.LazyFunction(timezone.now)
        )


class GeneratedImageFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = GeneratedImage

    model = factory.SubFactory(UserModelFactory, ready=True)
    owner = factory.SelfAttribute("model.owner")
    prompt = "photo of ann_k1 in a cafe"
    file = factory.LazyFunction(lambda: ContentFile(jpeg(), name=f"{uuid.uuid4()}.jpg"))
    thumbnail = factory.LazyFunction(lambda: ContentFile(jpeg(96, 96), name=f"{uuid.uuid4()}.jpg"))
    size = 1000
    engine = "simulated"


class TrainingSampleFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = TrainingSample

    model = factory.SubFactory(UserModelFactory, training=True)
    step = 250
    number = 0
    prompt = "photo of ann_k1"
    has_trigger = factory.LazyAttribute(lambda sample: sample.number == 0)
    file = factory.LazyFunction(lambda: ContentFile(jpeg(64, 64), name=f"{uuid.uuid4()}.jpg"))
    thumbnail = factory.LazyFunction(lambda: ContentFile(jpeg(32, 32), name=f"{uuid.uuid4()}.jpg"))
    width = height = 64
    size = 1000
    engine = "diffusers"


class PaidCallFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = PaidCall

    owner = factory.SubFactory(UserFactory)
    provider = "together"
    kind = "training"
    base_model = "black-forest-labs/FLUX.1-dev"
    account = ACCOUNT
    sent_at = factory.LazyFunction(timezone.now)
    day = factory.LazyAttribute(lambda call: call.sent_at.date())
    estimate_usd = 2
    outcome = "accepted"
