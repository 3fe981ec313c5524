"""The whole engine over real HTTP against the really running trainer."""

import time

import pytest

from generation import services as generation
from generation.models import GeneratedImage
from jobs import tasks
from jobs.engine import poll
from jobs.models import JobEvent, JobQueue
from jobs.states import Status
from models_app.models import UserModel
from tests.factories import TrainingImageFactory, UserModelFactory
from training.selectors import next_idempotency_key
from training.services import start

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.service]
PATIENCE = 30.0  # seconds


@pytest.fixture
def local(trainer, settings):
    settings.PROVIDERS = {"local": {"base_url": trainer.url, "api_key": "local"}}
    return trainer


@pytest.fixture
def draft() -> UserModel:
    model = UserModelFactory()
    TrainingImageFactory.create_batch(4, model=model)
    return model


def work_until_over(job: JobQueue) -> JobQueue:
    """Do by hand what beat and worker do, until the job is over."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        JobQueue.objects.update(next_poll_at=job.created_at)
        tasks.submit_job(str(job.pk))
        poll.poll(job.provider)
        tasks.collect_job(str(job.pk))
        job.refresh_from_db()
        if job.is_over:
            return job
        time.sleep(0.1)
    raise AssertionError(f"{job} is still {job.status}: {job.error_detail}")


def trained(draft: UserModel) -> JobQueue:
    return work_until_over(start(draft, idempotency_key=next_idempotency_key(draft)))


def test_photos_become_weights(local, draft):
    job = trained(draft)
    assert job.status == Status.SUCCEEDED
    draft.refresh_from_db()
    assert draft.status == UserModel.Status.READY
    assert draft.is_simulated
    assert job.total_steps == 400
    kinds = set(job.events.values_list("kind", flat=True))
    assert {JobEvent.Kind.STATE, JobEvent.Kind.LOG, JobEvent.Kind.LOSS} <= kinds


def test_a_ready_model_makes_pictures(local, draft):
    trained(draft)
    draft.refresh_from_db()
    job = work_until_over(
        generation.create(
            draft,
            idempotency_key="once",
            prompt="in a café",
            ratio="4:5",
            count=2,
            seed=None,
            strength=0.9,
            provider="local",
        )
    )
    assert job.status == Status.SUCCEEDED
    images = list(GeneratedImage.objects.all())
    assert [(image.width, image.height) for image in images] == [(896, 1120)] * 2
    assert all(image.is_simulated for image in images)
    assert draft.trigger_word in images[0].prompt


def test_a_lost_answer_to_a_training_is_found_by_its_token(local, draft, monkeypatch):
    from training.work import TrainingWork

    pay = TrainingWork.submit

    def answer_lost(work, job, provider, request, *, not_after):
        pay(work, job, provider, request, not_after=not_after)
        raise ConnectionResetError("after it was accepted")

    job = start(draft, idempotency_key=next_idempotency_key(draft))
    with monkeypatch.context() as patch:
        patch.setattr(TrainingWork, "submit", answer_lost)
        tasks.submit_job(str(job.pk))
    job.refresh_from_db()
    assert job.status == Status.UNKNOWN
    assert work_until_over(job).status == Status.SUCCEEDED
    assert job.incident == ""


def test_a_cancelled_training_ends_and_can_be_started_again(own_trainer, settings, draft):
    slow = own_trainer(seconds=60)
    settings.PROVIDERS = {"local": {"base_url": slow.url, "api_key": "local"}}
    job = start(draft, idempotency_key=next_idempotency_key(draft))
    tasks.submit_job(str(job.pk))
    from jobs.services import cancel

    cancel(job, by="ann@example.org")
    assert work_until_over(job).status == Status.CANCELLED
    draft.refresh_from_db()
    assert draft.is_editable
    assert start(draft, idempotency_key=next_idempotency_key(draft)) != job


def test_a_trainer_that_is_away_for_a_while_does_not_end_the_training(own_trainer, settings, draft):
    trainer = own_trainer(seconds=2)
    settings.PROVIDERS = {"local": {"base_url": trainer.url, "api_key": "local"}}
    job = start(draft, idempotency_key=next_idempotency_key(draft))
    tasks.submit_job(str(job.pk))
    trainer.kill()
    for _ in range(3):
        JobQueue.objects.update(next_poll_at=job.created_at)
        poll.poll("local")
    job.refresh_from_db()
    assert job.status == Status.RUNNING
    trainer.start()
    assert work_until_over(job).status == Status.SUCCEEDED
