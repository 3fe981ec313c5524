"""How many pictures one person may ask for; those that are paid for are always stored."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from accounts.limits import LimitReachedError
from generation import image_files, services
from generation.models import GeneratedImage
from generation.selectors import pictures_used
from jobs.models import JobQueue
from jobs.services import cancel
from models_app.models import UserModel
from providers.types import Download
from tests.factories import GeneratedImageFactory, JobFactory, UserModelFactory
from tests.generation.test_services import ASKED
from tests.presses import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def ready(owner) -> UserModel:
    return UserModelFactory(owner=owner, ready=True)


def ask(model: UserModel, key: str, count: int = 1) -> JobQueue:
    return services.create(model, idempotency_key=key, **(ASKED | {"count": count}))


def test_each_picture_counts(ready, settings):
    settings.LIMIT_PICTURES_PER_DAY = 4
    ask(ready, "a", 2)
    with pytest.raises(LimitReachedError, match="2 of 4 pictures left in 24 hours"):
        ask(ready, "b", 3)
    ask(ready, "c", 2)
    with pytest.raises(LimitReachedError, match="You have made 4 pictures"):
        ask(ready, "d")


def test_the_same_click_again_finds_its_pictures(ready, settings):
    settings.LIMIT_PICTURES_PER_DAY = 1
    assert ask(ready, "a") == ask(ready, "a")


def test_somebody_elses_pictures_do_not_count(ready, stranger, settings):
    settings.LIMIT_PICTURES_PER_DAY = 1
    ask(UserModelFactory(owner=stranger, ready=True), "a")
    ask(ready, "b")


def test_a_deleted_picture_gives_none_back(ready, settings):
    settings.LIMIT_PICTURES_PER_DAY = 1
    job = ask(ready, "a")
    services.delete_image(GeneratedImageFactory(model=ready, job=job))
    with pytest.raises(LimitReachedError):
        ask(ready, "b")


def test_what_was_never_sent_does_not_count(ready, settings):
    settings.LIMIT_PICTURES_PER_DAY = 4
    cancel(ask(ready, "a", 4), by="owner")
    assert pictures_used(ready.owner).used == 0


def test_full_storage_asks_for_nothing_new(ready, settings):
    settings.LIMIT_STORAGE_MB = 1
    GeneratedImageFactory(model=ready, size=2**20)
    with pytest.raises(LimitReachedError, match="of storage are used"):
        ask(ready, "a")


def test_pictures_that_are_paid_for_are_stored_whatever_the_storage(ready, settings):
    settings.LIMIT_STORAGE_MB = settings.LIMIT_PICTURES_PER_DAY = 0
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), "teal").save(buffer, "PNG")
    data = buffer.getvalue()
    payload = ASKED | {"typed_prompt": ASKED["prompt"]}
    job = JobFactory(kind="generation", finishing=True, model=ready, payload=payload)
    decoded = image_files.read_image(Download(chunks=iter([data]), size=len(data)))
    image_files.store(job, ready, 0, decoded)
    assert GeneratedImage.objects.get(job=job).size == len(data)


@pytest.mark.django_db(transaction=True)
def test_of_presses_at_once_one_gets_the_last_picture(settings):
    settings.LIMIT_PICTURES_PER_DAY = 1
    model = UserModelFactory(ready=True)
    found = at_once(4, lambda number: ask(UserModel.objects.get(pk=model.pk), str(number)))
    assert sum(isinstance(one, JobQueue) for one in found) == 1
    assert sum(isinstance(one, LimitReachedError) for one in found) == 3
