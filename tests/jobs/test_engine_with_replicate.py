"""The whole engine at a hosted trainer, played by its emulator: paid calls, lists, logs, archives,
pictures on the trained version, and what is deleted there."""

from __future__ import annotations

import time
from collections.abc import Iterator
from io import StringIO

import pytest
from django.core.management import call_command

from generation import services as generation
from generation.models import GeneratedImage
from jobs import deletion, tasks
from jobs.engine import deletions, poll
from jobs.models import JobEvent, JobQueue, PaidCall, ProviderStatus, RemoteDeletion
from jobs.states import Status
from models_app.models import UserModel
from providers.catalog import FLUX1_DEV
from tests.emulators.replicate.process import KEY, Replicate, ReplicateProcess
from tests.factories import TrainingImageFactory, UserModelFactory
from tests.trainer.process import wait_until
from training.selectors import next_idempotency_key
from training.services import start

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.service]
PATIENCE = 60.0  # seconds


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReplicateProcess]:
    process = ReplicateProcess(tmp_path_factory.mktemp("replicate") / "data")
    process.start()
    yield process
    process.stop()


@pytest.fixture
def service(process: ReplicateProcess, settings) -> Iterator[Replicate]:
    settings.PROVIDERS = {"replicate": {"base_url": process.url, "api_key": KEY}}
    service = Replicate(process)
    service.clear()
    yield service
    service.clear()


@pytest.fixture
def draft() -> UserModel:
    model = UserModelFactory(provider="replicate", base_model=FLUX1_DEV)
    TrainingImageFactory.create_batch(4, model=model)
    return model


def work_until_over(job: JobQueue, patience: float = PATIENCE) -> JobQueue:
    """Do by hand what beat and worker do, until the job is over."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        JobQueue.objects.update(next_poll_at=job.created_at)
        tasks.submit_job(str(job.pk))
        poll.poll(job.provider)
        tasks.collect_job(str(job.pk))
        job.refresh_from_db()
        if job.is_over:
            return job
        time.sleep(0.1)
    raise AssertionError(f"{job} is still {job.status}: {job.error_code} {job.error_detail}")


def trained(draft: UserModel) -> JobQueue:
    return work_until_over(start(draft, idempotency_key=next_idempotency_key(draft)))


def drawn(model: UserModel) -> JobQueue:
    job = generation.create(
        model,
        idempotency_key="once",
        prompt="in a café",
        ratio="4:5",
        count=2,
        seed=7,
        strength=0.9,
        provider="replicate",
    )
    return work_until_over(job)


def creations(service: Replicate) -> int:
    return sum(len(ids) for ids in service.ledger()["creations"].values())


def test_photos_become_weights_and_pictures_and_nothing_is_left_there(service, draft):
    job = trained(draft)
    assert job.status == Status.SUCCEEDED, job.error_detail
    draft.refresh_from_db()
    assert draft.status == UserModel.Status.READY
    assert draft.is_simulated
    assert draft.weights.name.endswith(".safetensors")
    kinds = set(job.events.values_list("kind", flat=True))
    # Read once more at the end, however quick the training was.
    assert {JobEvent.Kind.STATE, JobEvent.Kind.LOG, JobEvent.Kind.LOSS} <= kinds

    pictures = drawn(draft)
    assert pictures.status == Status.SUCCEEDED, pictures.error_detail
    assert [(one.width, one.height) for one in GeneratedImage.objects.all()] == [(896, 1120)] * 2

    deletion.delete_model(draft)
    RemoteDeletion.objects.filter(next_try_at__isnull=False).update(next_try_at=job.created_at)
    deletions.work_off("replicate")
    assert not RemoteDeletion.objects.exists()
    file_id = job.result["dataset"].rpartition("/")[2]
    assert service.request("GET", f"/files/{file_id}").status_code == 404
    model, _colon, version = draft.remote_ref.partition(":")
    path = f"/models/{model}/versions/{version}"
    wait_until(lambda: service.request("GET", path).status_code == 404)


def test_a_lost_answer_is_found_by_the_photos_and_paid_once(service, draft):
    before = creations(service)
    service.rules({"route": "create", "fault": "answer_lost", "script": [True]})
    job = start(draft, idempotency_key=next_idempotency_key(draft))
    tasks.submit_job(str(job.pk))
    job.refresh_from_db()
    assert job.status == Status.UNKNOWN
    assert work_until_over(job).status == Status.SUCCEEDED
    assert job.incident == ""
    assert creations(service) == before + 1


def test_after_a_restored_backup_the_run_is_found_by_the_photos_that_the_journal_kept(
    service, draft
):
    """The worker is killed in the paid call, and the backup that comes back knows of neither."""
    before = creations(service)
    service.rules({"route": "create", "fault": "answer_lost", "script": [True]})
    job = start(draft, idempotency_key=next_idempotency_key(draft))
    backup = JobQueue.objects.filter(pk=job.pk).values().get()
    tasks.submit_job(str(job.pk))
    assert creations(service) == before + 1
    PaidCall.objects.all().delete()
    ProviderStatus.objects.update(paid_calls=0)
    JobQueue.objects.filter(pk=job.pk).update(**backup)

    tasks.submit_job(str(job.pk))
    job.refresh_from_db()
    assert (job.status, job.lookup_key) == (Status.QUEUED, "")
    call_command("reconcile", stdout=StringIO())
    job.refresh_from_db()
    assert job.status == Status.RUNNING
    assert work_until_over(job).status == Status.SUCCEEDED
    assert creations(service) == before + 1


def test_a_run_whose_job_the_backup_does_not_have_is_named(service, draft):
    job = start(draft, idempotency_key=next_idempotency_key(draft))
    tasks.submit_job(str(job.pk))
    run_id = JobQueue.objects.get().run_id
    PaidCall.objects.all().delete()
    ProviderStatus.objects.update(paid_calls=0)
    JobQueue.objects.all().delete()
    out = StringIO()
    call_command("reconcile", stdout=out)
    assert f"has run {run_id} (" in out.getvalue()
    assert "belongs to no job here" in out.getvalue()


def test_photos_that_expired_while_the_job_waited_are_uploaded_again(service, draft):
    service.rules({"route": "create", "fault": "rate_limited", "script": [True]})
    job = start(draft, idempotency_key=next_idempotency_key(draft))
    tasks.submit_job(str(job.pk))
    job.refresh_from_db()
    assert job.status == Status.QUEUED
    service.request("DELETE", f"/files/{job.result['dataset'].rpartition('/')[2]}")
    assert work_until_over(job).status == Status.SUCCEEDED


def test_a_trainer_that_changed_ends_the_job_before_anything_is_paid(service, draft):
    before = creations(service)
    service.rules({"fault": "changed_schema"})
    job = trained(draft)
    assert (job.status, job.error_code) == (Status.FAILED, "trainer_gone")
    assert "“input_images”" in job.error_detail
    assert creations(service) == before


@pytest.mark.parametrize(
    ("fault", "code"), [("out_of_memory", "out_of_memory"), ("moderated", "moderation")]
)
def test_a_failure_is_told_by_its_cause(service, draft, fault, code):
    service.rules({"fault": fault})
    job = trained(draft)
    assert (job.status, job.error_code) == (Status.FAILED, code)


def test_a_hostile_archive_brings_nothing_home(service, draft):
    service.rules({"fault": "hostile_archive"})
    job = start(draft, idempotency_key=next_idempotency_key(draft))
    with pytest.raises(AssertionError, match="still finishing: bad_weights"):
        work_until_over(job, patience=5.0)
    draft.refresh_from_db()
    assert not draft.weights
