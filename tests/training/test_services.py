from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.files.storage import default_storage
from django.db import connection

from jobs.models import JobQueue
from jobs.states import Status
from models_app.models import TrainingImage, UserModel
from tests.factories import JobFactory, TrainingImageFactory, UserModelFactory
from training.selectors import estimate, next_idempotency_key, what_is_missing
from training.services import StartRefusedError, start, try_again


@pytest.fixture
def draft(db) -> UserModel:
    model = UserModelFactory()
    TrainingImageFactory.create_batch(4, model=model)
    return model


def test_a_click_queues_one_training_and_locks_the_answers(draft):
    job = start(draft, idempotency_key=next_idempotency_key(draft))
    draft.refresh_from_db()
    assert job.status == Status.QUEUED
    assert job.payload["options"]["epochs"] == 100
    assert not draft.is_editable


def lose(photo: TrainingImage, name: str) -> None:
    TrainingImage.objects.filter(pk=photo.pk).update(original_filename=name)
    default_storage.delete(photo.file.name)


def test_a_photo_whose_file_is_gone_is_named_before_anything_starts(draft):
    lose(draft.photos.first(), "IMG 7.jpg")
    with pytest.raises(StartRefusedError) as refused:
        start(draft, idempotency_key=next_idempotency_key(draft))
    (reason,) = refused.value.reasons
    assert reason.step == "photos"
    assert "“IMG 7.jpg”. Remove it and upload it again." in reason.text
    assert not JobQueue.objects.exists()


def test_many_photos_that_are_gone_are_named_up_to_a_limit(draft):
    TrainingImageFactory.create_batch(10, model=draft)
    for number, photo in enumerate(draft.photos.all()):
        lose(photo, f"{number}.jpg")
    with pytest.raises(StartRefusedError, match=r"“9.jpg” and 4 more\. Remove them"):
        start(draft, idempotency_key=next_idempotency_key(draft))


def test_another_try_names_the_photos_that_are_gone_too(draft):
    job = JobFactory(model=draft, failed=True)
    lose(draft.photos.first(), "IMG 7.jpg")
    with pytest.raises(StartRefusedError, match="IMG 7"):
        try_again(job, idempotency_key=next_idempotency_key(draft))


def test_clicking_twice_is_one_training(draft):
    key = next_idempotency_key(draft)
    assert start(draft, idempotency_key=key) == start(draft, idempotency_key=key)
    assert JobQueue.objects.count() == 1


def test_a_click_on_an_outdated_page_starts_nothing(draft):
    key = next_idempotency_key(draft)
    JobFactory(model=draft, failed=True)
    with pytest.raises(StartRefusedError, match="outdated"):
        start(draft, idempotency_key=key)


def test_a_second_tab_after_the_training_failed_does_not_pay_again(draft):
    key = next_idempotency_key(draft)
    job = start(draft, idempotency_key=key)
    JobQueue.objects.update(status=Status.FAILED)
    UserModel.objects.update(started_at=None, status="failed")
    draft.refresh_from_db()
    assert start(draft, idempotency_key=key) == job
    assert JobQueue.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_eight_clicks_at_the_same_moment_are_one_training():
    model = UserModelFactory()
    TrainingImageFactory.create_batch(4, model=model)
    key = next_idempotency_key(model)

    def go(_number: int) -> str:
        try:
            return str(start(UserModel.objects.get(pk=model.pk), idempotency_key=key).pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        started = set(pool.map(go, range(8)))
    assert len(started) == 1
    assert JobQueue.objects.count() == 1


def test_too_few_photos_name_how_many_are_missing(draft):
    draft.photos.first().delete()
    with pytest.raises(StartRefusedError, match="Add 1 more photo"):
        start(draft, idempotency_key=next_idempotency_key(draft))


def test_a_person_needs_consent(draft):
    draft.kind = "person"
    assert [reason.step for reason in what_is_missing(draft)] == ["about"]


def test_everything_missing_is_named_with_its_step(db):
    model = UserModelFactory(name="", trigger_word="", base_model="", provider="")
    assert [reason.step for reason in what_is_missing(model)] == [
        "about",
        "about",
        "photos",
        "training",
    ]


def test_what_cannot_be_trained_explains_why(draft):
    draft.base_model = "black-forest-labs/FLUX.1-pro"
    assert "not published" in str(what_is_missing(draft)[0])


def test_the_estimate_counts_every_photo_once_per_epoch(draft):
    assert estimate(draft).steps == 400


def test_trying_again_is_a_new_job_with_the_same_photos(draft):
    first = start(draft, idempotency_key=next_idempotency_key(draft))
    JobQueue.objects.update(status=Status.FAILED, error_code="run_failed", run_id="ft-1")
    UserModel.objects.update(started_at=None, status="failed")
    first.refresh_from_db()
    second = try_again(first, idempotency_key=next_idempotency_key(draft))
    assert second != first
    assert (second.status, "adopt_run" in second.payload) == (Status.QUEUED, False)
    assert draft.photos.count() == 4


@pytest.mark.parametrize("code", ["bad_weights", "disk_full"])
def test_a_result_that_only_could_not_be_fetched_is_not_paid_again(draft, code):
    first = start(draft, idempotency_key=next_idempotency_key(draft))
    JobQueue.objects.update(status=Status.FAILED, error_code=code, run_id="ft-1")
    UserModel.objects.update(started_at=None, status="failed")
    first.refresh_from_db()
    second = try_again(first, idempotency_key=next_idempotency_key(draft))
    assert second.payload["adopt_run"] == "ft-1"


@pytest.mark.parametrize(
    ("status", "code"), [("cancelled", ""), ("cancelled", "deadline"), ("failed", "internal")]
)
def test_a_fetch_that_did_not_come_to_its_turn_is_not_paid_anew(draft, status, code):
    """The run is as paid as it was, whatever became of the job that was to fetch it."""
    first = start(draft, idempotency_key=next_idempotency_key(draft))
    JobQueue.objects.update(status=status, error_code=code, payload={"adopt_run": "ft-1"})
    UserModel.objects.update(started_at=None, status="failed")
    first.refresh_from_db()
    second = try_again(first, idempotency_key=next_idempotency_key(draft))
    assert second.payload["adopt_run"] == "ft-1"


def test_a_running_training_cannot_be_tried_again(db):
    job = JobFactory(running=True)
    with pytest.raises(StartRefusedError):
        try_again(job, idempotency_key=next_idempotency_key(job.model))
