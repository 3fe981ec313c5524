"""What one person may upload, keep and begin."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.limits import LimitReachedError, allowances
from models_app import services, storage_use
from models_app.errors import NotEditableError, PhotoRefusedError
from models_app.models import PhotoUpload, TrainingImage, UserModel
from models_app.tasks import sweep_upload_counts
from tests.factories import (
    GeneratedImageFactory,
    TrainingImageFactory,
    UserFactory,
    UserModelFactory,
    jpeg,
)
from tests.presses import at_once

COLOURS = ("teal", "navy", "olive", "maroon", "gray", "purple")


def upload(number: int = 0) -> SimpleUploadedFile:
    return SimpleUploadedFile("IMG_1.JPG", jpeg(300, 300, colour=COLOURS[number]))


def outcomes(found: list) -> tuple[int, int]:
    """How many presses led to something, and how many were told of a limit."""
    refused = [one for one in found if isinstance(one, LimitReachedError)]
    assert all(isinstance(one, LimitReachedError | TrainingImage | UserModel) for one in found)
    return len(found) - len(refused), len(refused)


@pytest.fixture
def draft(owner) -> UserModel:
    return UserModelFactory(owner=owner)


# --- photos of a day ----------------------------------------------------------------------


def test_one_photo_too_many_of_a_day_is_refused(draft, settings):
    settings.LIMIT_PHOTOS_PER_DAY = 1
    services.add_photo(draft, upload=upload())
    with pytest.raises(LimitReachedError, match="You have uploaded 1 photo in 24 hours"):
        services.add_photo(draft, upload=upload(1))
    assert draft.photos.count() == 1


def test_deleting_a_photo_or_its_model_gives_no_upload_back(draft, settings):
    settings.LIMIT_PHOTOS_PER_DAY = 2
    services.remove_photo(services.add_photo(draft, upload=upload()))
    services.add_photo(draft, upload=upload(1))
    other = UserModelFactory(owner=draft.owner)
    services.delete_model(draft)
    with pytest.raises(LimitReachedError):
        services.add_photo(other, upload=upload(2))


def test_what_is_no_photo_counts_as_an_upload(draft, settings):
    settings.LIMIT_PHOTOS_PER_DAY = 1
    with pytest.raises(PhotoRefusedError):
        services.add_photo(draft, upload=SimpleUploadedFile("a.jpg", jpeg()[:500]))
    with pytest.raises(LimitReachedError):
        services.add_photo(draft, upload=upload())


def test_the_same_file_twice_counts_once(draft, settings):
    settings.LIMIT_PHOTOS_PER_DAY = 2
    services.add_photo(draft, upload=upload())
    with pytest.raises(PhotoRefusedError, match="the same file"):
        services.add_photo(draft, upload=upload())
    services.add_photo(draft, upload=upload(1))


def test_there_is_room_again_a_day_later(draft, settings):
    settings.LIMIT_PHOTOS_PER_DAY = 1
    services.add_photo(draft, upload=upload())
    PhotoUpload.objects.update(at=timezone.now() - timedelta(hours=24, seconds=1))
    services.add_photo(draft, upload=upload(1))


def test_what_no_longer_counts_is_swept(draft):
    old = PhotoUpload.objects.create(owner=draft.owner, at=timezone.now() - timedelta(hours=25))
    new = PhotoUpload.objects.create(owner=draft.owner)
    sweep_upload_counts()
    assert list(PhotoUpload.objects.all()) == [new]
    assert old.pk != new.pk


@pytest.mark.django_db(transaction=True)
def test_of_presses_at_once_one_gets_the_last_photo(settings):
    settings.LIMIT_PHOTOS_PER_DAY = 1
    model = UserModelFactory()

    def press(number: int) -> TrainingImage:
        mine = UserModel.objects.get(pk=model.pk)
        return services.add_photo(mine, upload=upload(number))

    assert outcomes(at_once(4, press)) == (1, 3)
    assert model.photos.count() == PhotoUpload.objects.count() == 1


# --- storage ------------------------------------------------------------------------------


def test_storage_is_photos_weights_and_pictures_in_one_query(draft, django_assert_num_queries):
    for _ in range(2):
        TrainingImageFactory(model=draft, size=100)
    ready = UserModelFactory(owner=draft.owner, ready=True, weights_size=3000)
    GeneratedImageFactory(model=ready, size=20)
    GeneratedImageFactory(size=77)  # somebody else's
    with django_assert_num_queries(1):
        assert storage_use.usage_of(draft.owner).used == 3220
    assert storage_use.usage_of(UserFactory()).used == 0


def test_a_photo_beyond_the_storage_is_refused_and_leaves_no_file(draft, settings, tmp_path):
    settings.LIMIT_STORAGE_MB = 1
    TrainingImageFactory(model=draft, size=2**20 - 10)
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(LimitReachedError, match="of storage left"):
        services.add_photo(draft, upload=upload())
    assert draft.photos.count() == 1
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == before


def test_full_storage_is_noticed_before_a_photo_is_opened(draft, settings, monkeypatch):
    settings.LIMIT_STORAGE_MB = 1
    TrainingImageFactory(model=draft, size=2**20)
    monkeypatch.setattr(services, "normalise", lambda source: pytest.fail("it was opened"))
    with pytest.raises(LimitReachedError, match="Delete photos, pictures or models"):
        services.add_photo(draft, upload=upload())


def test_what_is_deleted_frees_storage(draft, settings):
    settings.LIMIT_STORAGE_MB = 1
    large = TrainingImageFactory(model=draft, size=2**20)
    services.remove_photo(large)
    services.add_photo(draft, upload=upload())


# --- drafts -------------------------------------------------------------------------------


def test_one_draft_too_many_is_refused_and_the_same_one_is_not(owner, stranger, settings):
    settings.LIMIT_DRAFTS = 1
    draft = services.create_draft(owner)
    assert services.create_draft(owner, draft_id=draft.pk) == draft
    with pytest.raises(LimitReachedError, match="You have 1 draft"):
        services.create_draft(owner)
    services.create_draft(stranger)


def test_a_model_that_trains_or_is_deleted_makes_room_for_a_draft(owner, settings):
    settings.LIMIT_DRAFTS = 1
    UserModelFactory(owner=owner, training=True)
    services.delete_model(services.create_draft(owner))
    services.create_draft(owner)


@pytest.mark.django_db(transaction=True)
def test_of_presses_at_once_one_gets_the_last_draft(settings):
    settings.LIMIT_DRAFTS = 1
    person = UserFactory()
    assert outcomes(at_once(4, lambda _: services.create_draft(person))) == (1, 3)


# --- per person ---------------------------------------------------------------------------


def test_an_own_value_holds_for_its_person_alone(owner, stranger, settings):
    settings.LIMIT_DRAFTS = 0
    owner.limit_drafts = 1
    owner.save(update_fields=["limit_drafts"])
    services.create_draft(owner)
    with pytest.raises(LimitReachedError):
        services.create_draft(stranger)


def test_an_account_deleted_meanwhile_gets_no_photo(draft, settings):
    mine = UserModel.objects.get(pk=draft.pk)
    draft.owner.delete()
    with pytest.raises(NotEditableError):
        services.add_photo(mine, upload=upload())


def test_a_photo_asks_little_more_of_the_database(draft, settings, django_assert_max_num_queries):
    settings.LIMIT_PHOTOS_PER_DAY, settings.LIMIT_STORAGE_MB = 50, 50
    # The transaction that counts: begin and end, the person, storage, the day, the new row.
    with django_assert_max_num_queries(18):
        services.add_photo(draft, upload=upload())
    assert {one.used for one in allowances(draft.owner)} == {1, draft.photos.get().size}
