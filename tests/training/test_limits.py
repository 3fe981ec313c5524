"""How many trainings one person may start, and what never counts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from accounts.limits import LimitReachedError
from jobs.deletion import delete_model
from jobs.models import JobQueue
from jobs.services import cancel
from jobs.states import Status
from models_app.models import UserModel
from tests.factories import JobFactory, TrainingImageFactory, UserModelFactory, jpeg
from tests.presses import at_once
from training.selectors import next_idempotency_key, trainings_used
from training.services import start, try_again

pytestmark = pytest.mark.django_db


def draft_of(owner=None) -> UserModel:
    model = UserModelFactory(**({"owner": owner} if owner else {}))
    TrainingImageFactory.create_batch(4, model=model)
    return model


def begin(model: UserModel) -> JobQueue:
    return start(model, idempotency_key=next_idempotency_key(model))


@pytest.fixture
def one_a_day(settings):
    settings.LIMIT_TRAININGS_PER_DAY = 1


def test_one_training_too_many_is_refused_and_nothing_is_written(owner, one_a_day):
    job = begin(draft_of(owner))
    other = draft_of(owner)
    with pytest.raises(LimitReachedError, match="You have started 1 training in 24 hours"):
        begin(other)
    other.refresh_from_db()
    assert other.is_editable
    assert list(JobQueue.objects.all()) == [job]


def test_a_reached_limit_never_touches_a_running_job(owner, settings):
    job = JobFactory(running=True, model=UserModelFactory(owner=owner, training=True))
    settings.LIMIT_TRAININGS_PER_DAY, settings.LIMIT_STORAGE_MB = 0, 0
    with pytest.raises(LimitReachedError):
        begin(draft_of(owner))
    before = job.version
    job.refresh_from_db()
    assert (job.status, job.version) == (Status.RUNNING, before)


def test_the_same_click_again_finds_its_training(owner, one_a_day):
    model = draft_of(owner)
    key = next_idempotency_key(model)
    assert start(model, idempotency_key=key) == start(model, idempotency_key=key)


def test_somebody_elses_trainings_do_not_count(owner, stranger, one_a_day):
    begin(draft_of(stranger))
    begin(draft_of(owner))


def test_a_deleted_model_gives_no_training_back(owner, one_a_day):
    job = JobFactory(failed=True, sent_at=timezone.now(), model=UserModelFactory(owner=owner))
    delete_model(job.model)
    with pytest.raises(LimitReachedError):
        begin(draft_of(owner))


def test_what_was_never_sent_does_not_count(owner, one_a_day):
    cancel(begin(draft_of(owner)), by="owner")
    begin(draft_of(owner))


def test_what_may_have_been_sent_counts(owner):
    JobFactory(cancelled=True, call_over_at=timezone.now(), model=draft_of(owner))
    assert trainings_used(owner).used == 1


def test_yesterdays_trainings_do_not_count(owner, one_a_day):
    long_ago = timezone.now() - timedelta(hours=24, seconds=1)
    JobFactory(succeeded=True, created_at=long_ago, model=UserModelFactory(owner=owner))
    begin(draft_of(owner))


def test_fetching_a_result_that_is_paid_for_has_no_limit(owner, settings):
    settings.LIMIT_TRAININGS_PER_DAY, settings.LIMIT_STORAGE_MB = 0, 0
    model = draft_of(owner)
    job = JobFactory(failed=True, run_id="ft-1", error_code="download_failed", model=model)
    again = try_again(job, idempotency_key=next_idempotency_key(model))
    assert again.payload["adopt_run"] == "ft-1"


def test_fetching_it_again_is_no_new_training(owner):
    JobFactory(payload={"adopt_run": "ft-1"}, model=UserModelFactory(owner=owner))
    assert trainings_used(owner).used == 0


def test_trying_again_for_money_counts(owner, one_a_day):
    model = draft_of(owner)
    job = JobFactory(failed=True, sent_at=timezone.now(), model=model)
    with pytest.raises(LimitReachedError):
        try_again(job, idempotency_key=next_idempotency_key(model))


def test_full_storage_starts_nothing(owner, settings):
    settings.LIMIT_STORAGE_MB = 1
    model = draft_of(owner)
    large = ContentFile(jpeg() + bytes(2**20), name="large.jpg")
    TrainingImageFactory(model=model, file=large)
    with pytest.raises(LimitReachedError, match="of storage are used"):
        begin(model)


@pytest.mark.django_db(transaction=True)
def test_of_presses_at_once_one_gets_the_last_training(settings):
    settings.LIMIT_TRAININGS_PER_DAY = 2
    first = draft_of()
    models = [first, *(draft_of(first.owner) for _ in range(4))]
    begin(models.pop())

    found = at_once(4, lambda number: begin(UserModel.objects.get(pk=models[number].pk)))
    assert sum(isinstance(one, JobQueue) for one in found) == 1
    assert sum(isinstance(one, LimitReachedError) for one in found) == 3
    assert JobQueue.objects.count() == 2
