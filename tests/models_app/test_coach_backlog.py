"""Photos without measures are measured in the background, once, never in anybody's way."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.core.files.base import ContentFile

from models_app.coach.backlog import measure_some, unmeasured
from models_app.coach.measures import VERSION, is_current
from models_app.models import TrainingImage
from models_app.tasks import measure_photos
from tests.factories import TrainingImageFactory, UserModelFactory
from tests.models_app.coach_photos import scene
from tests.models_app.photographs import encoded

pytestmark = pytest.mark.django_db


def stored(**columns: object) -> TrainingImage:
    file = ContentFile(encoded(scene(1), "JPEG", quality=90).getvalue(), name="a.jpg")
    return TrainingImageFactory(model=UserModelFactory(), file=file, **columns)


def test_a_photo_from_before_is_measured_once():
    photo = stored()
    measure_photos()
    photo.refresh_from_db()
    assert is_current(photo.measures)
    assert photo.measures["sharpness"] > 0.4
    assert measure_some() == 0


def test_measures_by_older_rules_are_taken_again():
    photo = stored(measures={"version": VERSION - 1})
    assert measure_some() == 1
    photo.refresh_from_db()
    assert is_current(photo.measures)


@pytest.mark.parametrize("content", [b"", b"no photo"])
def test_a_photo_that_cannot_be_opened_is_not_tried_again(content):
    photo = stored()
    with photo.file.storage.open(photo.file.name, "wb") as file:
        file.write(content)
    assert (measure_some(), measure_some()) == (1, 0)


def test_a_photo_whose_file_is_gone_is_not_tried_again():
    photo = stored()
    photo.file.storage.delete(photo.file.name)
    assert (measure_some(), measure_some()) == (1, 0)


def test_photos_that_can_no_longer_be_chosen_are_left_alone():
    TrainingImageFactory(model=UserModelFactory(training=True))
    assert not unmeasured().exists()


def test_measuring_is_part_of_what_happens_by_itself():
    tasks = [entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()]
    assert measure_photos.name in tasks
