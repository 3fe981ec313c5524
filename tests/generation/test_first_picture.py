"""The first picture of a model: made by itself once, and only where it costs nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from generation import first_picture
from generation.ideas import ideas_for
from generation.selectors import options_for
from jobs.deletion import delete_model
from jobs.engine import provider_status
from jobs.engine.collect import collect
from jobs.models import JobQueue, ProviderStatus
from jobs.services import enqueue
from jobs.states import Status
from models_app.models import UserModel
from providers.catalog import FLUX1_DEV
from providers.types import Description
from tests.dashboard.rows import describe_local_trainer
from tests.factories import JobFactory, UserModelFactory
from tests.training.test_weights import safetensors

pytestmark = pytest.mark.django_db
DOWNLOAD = "http://127.0.0.1:9/v1/finetune/download"


@pytest.fixture(autouse=True)
def switched_on(settings):
    settings.FIRST_PICTURE = True


@pytest.fixture
def trained(owner) -> JobQueue:
    """The training of a model that is ready, at the trainer of this machine."""
    describe_local_trainer()
    return JobFactory(model=UserModelFactory(owner=owner, ready=True), succeeded=True)


@pytest.fixture
def finishing(scripted) -> JobQueue:
    """A training whose weights only have to be fetched."""
    describe_local_trainer()
    scripted.logs("ft-1")
    scripted.mock.get(DOWNLOAD, body=safetensors())
    return JobFactory(
        finishing=True,
        run_id="ft-1",
        engine="simulated",
        payload={"base_model": FLUX1_DEV},
        result={"remote_ref": f"{DOWNLOAD}?ft_id=ft-1"},
    )


def pictures() -> list[JobQueue]:
    return list(JobQueue.objects.filter(kind=JobQueue.Kind.GENERATION))


def finish(job: JobQueue) -> JobQueue:
    JobQueue.objects.filter(pk=job.pk).update(next_poll_at=timezone.now())
    collect(job.pk)
    job.refresh_from_db()
    return job


def test_a_training_that_ends_well_brings_one_free_picture(finishing):
    assert finish(finishing).status == Status.SUCCEEDED
    [picture] = pictures()
    assert picture.model == finishing.model
    assert picture.provider == "local"
    assert picture.payload["count"] == 1
    assert picture.payload["typed_prompt"] == ideas_for(picture.model)[0]
    assert not picture.budget_usd
    assert picture.events.filter(kind="note", text__startswith="Begun by itself").count() == 1


def test_finishing_again_brings_no_second_one(finishing):
    for _ in range(3):
        finish(finishing)
    first_picture.make(finishing)  # whatever else would tell it once more
    assert len(pictures()) == 1


def test_a_crash_while_it_is_begun_leaves_the_training_done_and_no_half_picture(
    finishing, monkeypatch
):
    def killed(**values):
        enqueue(**values)
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr("generation.services.enqueue", killed)
        assert finish(finishing).status == Status.SUCCEEDED
    assert pictures() == []
    assert UserModel.objects.get().status == UserModel.Status.READY
    for _ in range(2):  # told again after all, it still makes one
        first_picture.make(finishing)
    assert len(pictures()) == 1


def test_after_a_crash_before_it_is_begun_the_worker_that_takes_over_begins_none(
    finishing, monkeypatch
):
    with monkeypatch.context() as patch:
        patch.setattr("jobs.engine.collect.followers_of", lambda job: [])
        finish(finishing)
    assert finish(finishing).status == Status.SUCCEEDED
    assert pictures() == []


def test_words_that_have_changed_in_between_make_no_second_one(trained, monkeypatch):
    first_picture.make(trained)
    monkeypatch.setattr(first_picture, "ideas_for", lambda model: ["Something else"])
    first_picture.make(trained)
    assert len(pictures()) == 1


def test_operators_can_switch_it_off(trained, settings):
    settings.FIRST_PICTURE = False
    assert first_picture.make(trained) is None


def test_a_provider_that_costs_money_is_never_asked_by_itself(owner, settings):
    settings.PROVIDERS = {"fal": {"api_key": "id:secret", "base_url": "https://queue.fal.run"}}
    provider_status.record_description("fal", Description(True, can_generate=(FLUX1_DEV,)))
    model = UserModelFactory(owner=owner, ready=True, provider="fal", engine="fal")
    assert any(option.is_available for option in options_for(model))
    assert first_picture.make(JobFactory(model=model, succeeded=True, provider="fal")) is None
    assert pictures() == []


def test_a_trainer_that_does_not_answer_is_left_alone(trained):
    ProviderStatus.objects.update(
        last_error="refused",
        last_error_at=timezone.now(),
        last_answer_at=timezone.now() - timedelta(minutes=2),
    )
    assert first_picture.make(trained) is None


@pytest.mark.parametrize("limit", ["LIMIT_PICTURES_PER_DAY", "LIMIT_STORAGE_MB"])
def test_nothing_happens_and_nothing_fails_where_a_limit_is_reached(trained, settings, limit):
    setattr(settings, limit, 0)
    assert first_picture.make(trained) is None
    assert pictures() == []


def test_it_counts_as_one_of_the_day(trained, settings):
    settings.LIMIT_PICTURES_PER_DAY = 1
    assert first_picture.make(trained)
    another = UserModelFactory(owner=trained.owner, ready=True)
    assert first_picture.make(JobFactory(model=another, succeeded=True)) is None


def test_a_model_that_was_deleted_meanwhile_gets_none(trained):
    delete_model(trained.model)
    assert first_picture.make(trained) is None


def test_an_account_that_was_deleted_meanwhile_gets_none(trained):
    owner_id = trained.owner_id
    trained.owner.delete()
    trained.owner_id = owner_id  # as the worker has read it
    assert first_picture.make(trained) is None


def test_who_was_faster_gets_what_they_asked_for_and_no_more(trained):
    JobFactory(model=trained.model, kind="generation")
    assert first_picture.make(trained) is None


def test_pictures_bring_no_picture(trained):
    first_picture.make(trained)
    [picture] = pictures()
    assert picture.kind == JobQueue.Kind.GENERATION
    assert first_picture.make(picture) is None


@pytest.mark.parametrize("kind", ["person", "product", "style"])
def test_every_kind_of_subject_has_a_few_ideas(owner, kind):
    ideas = ideas_for(UserModelFactory(owner=owner, kind=kind))
    assert len(set(ideas)) == len(ideas) >= 3
