"""Ways in which products of this kind fail their users, each ruled out by name."""

from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.utils import timezone

from generation.models import GeneratedImage
from generation.work import GenerationWork
from jobs import selectors, tasks
from jobs.engine import due, poll, submit
from jobs.models import JobEvent, JobQueue
from jobs.states import Status
from models_app.models import UserModel
from providers import registry
from providers.local.provider import Local
from tests.factories import JobFactory, UserModelFactory, jpeg
from tests.jobs.sweeps import a_sweep_passes
from tests.training.test_weights import safetensors
from training.selectors import next_idempotency_key
from training.services import start

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("machine_clock")]
BASE = "http://127.0.0.1:9/v1"


def beat() -> None:
    """What beat and workers do by themselves: one sweep and every task it dispatches."""
    rung: list[tuple[object, str]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tasks, "dispatch", lambda task, arg, **_: rung.append((task, arg)))
        tasks.sweep_jobs()
        for task, arg in rung:
            task(arg)


def test_a_paid_run_never_exists_without_its_intent_in_the_database(draft, scripted, monkeypatch):
    """The row is committed as sent, with the token, before the call leaves."""
    from training.work import TrainingWork

    stored: list[tuple[str, bool, str]] = []
    pay = TrainingWork.submit

    def looked_up(work, job, provider, request, *, not_after):
        row = JobQueue.objects.get()
        stored.append((row.status, row.sent_at is not None, row.correlation))
        assert request.correlation == row.correlation
        return pay(work, job, provider, request, not_after=not_after)

    monkeypatch.setattr(TrainingWork, "submit", looked_up)
    scripted.accepts()
    job = start(draft, idempotency_key=next_idempotency_key(draft))
    submit.submit(job.pk)
    assert stored == [(Status.SUBMITTING, True, job.correlation)]


def test_everything_moves_although_no_tab_is_open(draft, scripted):
    job = start(draft, idempotency_key=next_idempotency_key(draft))
    scripted.mock.get(f"{BASE}/fine-tunes/models/supported", json={"models": []})
    scripted.accepts("ft-1")
    scripted.lists({"id": "ft-1", "status": "completed", "suffix": job.correlation})
    scripted.mock.get(f"{BASE}/finetune/download", body=safetensors())
    for _ in range(3):
        JobQueue.objects.update(next_poll_at=timezone.now())
        beat()
    job.refresh_from_db()
    assert job.status == Status.SUCCEEDED


def test_two_beats_at_once_change_nothing(draft, scripted):
    scripted.mock.get(f"{BASE}/fine-tunes/models/supported", json={"models": []})
    scripted.lists()
    scripted.accepts("ft-1")
    job = start(draft, idempotency_key=next_idempotency_key(draft))
    for _ in range(2):
        beat()
    job.refresh_from_db()
    assert (job.status, scripted.starts) == (Status.RUNNING, 1)
    assert list(job.events.filter(kind="state").values_list("text", flat=True)) == [
        "queued",
        "submitting",
        "running",
    ]


def test_every_run_is_looked_at_however_many_there_are(scripted):
    """No list at all, a bounded number of single calls per look: the longest waiting first."""
    jobs = [JobFactory(running=True) for _ in range(2 * int(2 * Local.calls_per_second) + 5)]
    scripted.lists()
    for job in jobs:
        run = {"id": job.run_id, "status": "running", "step": 1}
        scripted.mock.get(f"{BASE}/fine-tunes/{job.run_id}", json=run)
        scripted.logs(job.run_id)
    for _ in range(3):
        poll.poll("local")
        a_sweep_passes()
    assert not JobQueue.objects.filter(last_seen_at=None).exists()


def test_a_photo_that_cannot_be_read_is_never_left_out_silently(draft, scripted):
    job = start(draft, idempotency_key=next_idempotency_key(draft))
    default_storage.delete(draft.photos.first().file.name)
    submit.submit(job.pk)
    job.refresh_from_db()
    assert (job.status, scripted.starts) == (Status.FAILED, 0)
    assert job.error_code == "photos_gone"


def test_a_picture_never_points_to_the_provider(scripted):
    url = f"{BASE}/images/img-1/0.jpg"
    scripted.mock.get(url, body=jpeg())
    job = JobFactory(
        kind="generation",
        model=UserModelFactory(ready=True),
        finishing=True,
        result={"outputs": [{"url": url}]},
        payload={"prompt": "p", "typed_prompt": "p", "ratio": "1:1", "strength": 1.0},
    )
    GenerationWork().collect(job, registry.get("local"), lambda _: None)
    image = GeneratedImage.objects.get()
    assert "://" not in image.file.name
    assert default_storage.exists(image.file.name)


def test_a_model_without_stored_weights_cannot_be_ready():
    with pytest.raises(IntegrityError), transaction.atomic():
        UserModelFactory(status="ready", weights="", weights_sha256="")


def test_no_run_id_is_ever_invented(draft, scripted):
    job = start(draft, idempotency_key=next_idempotency_key(draft))
    scripted.answers(500)
    submit.submit(job.pk)
    job.refresh_from_db()
    assert (job.status, job.run_id) == (Status.UNKNOWN, "")


def test_the_trail_of_a_job_survives_the_process_and_the_model(draft, scripted):
    scripted.answers(400, json={"error": {"message": "No."}})
    job = start(draft, idempotency_key=next_idempotency_key(draft))
    submit.submit(job.pk)
    UserModel.objects.all().delete()
    job.refresh_from_db()
    states = JobEvent.objects.filter(job=job, kind="state").values_list("text", flat=True)
    assert list(states) == ["queued", "submitting", "failed"]
    assert job.error_detail == "No."


def test_a_wiped_broker_loses_nothing(scripted):
    queued, finishing = JobFactory(), JobFactory(finishing=True)
    rung: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tasks, "dispatch", lambda task, arg, **_: rung.append(arg))
        tasks.sweep_jobs()
    assert {str(queued.pk), str(finishing.pk)} <= set(rung)


def test_a_provider_that_asked_for_time_is_not_sent_the_next_job_either(scripted):
    from jobs.models import ProviderStatus

    JobFactory()
    until = timezone.now() + timedelta(seconds=30)
    ProviderStatus.objects.create(provider="local", paused_until=until)
    assert due.submissions() == []


def test_a_list_that_is_never_complete_does_not_overrule_the_owner(draft, scripted):
    job = start(draft, idempotency_key=next_idempotency_key(draft))
    JobEvent.objects.create(job=job, kind="state", text="unknown")
    scripted.mock.get(f"{BASE}/fine-tunes", json={"data": [{"id": "?"}], "has_more": True})
    scripted.accepts()
    submit.submit(job.pk)
    job.refresh_from_db()
    assert (job.status, scripted.starts) == (Status.RUNNING, 1)


def test_one_persons_job_is_never_shown_to_another(stranger):
    from django.http import Http404

    job = JobFactory(running=True)
    with pytest.raises(Http404):
        selectors.job_for(stranger, job.pk)
    assert not selectors.jobs_of(stranger).exists()


def test_neither_key_nor_photo_reaches_the_log(draft, scripted, caplog):
    scripted.answers(500, body="Bearer secret-key data:image/jpeg;base64,AAAABBBBCCCC")
    job = start(draft, idempotency_key=next_idempotency_key(draft))
    with caplog.at_level("DEBUG"):
        submit.submit(job.pk)
    job.refresh_from_db()
    for text in (caplog.text, job.error_detail):
        assert "secret-key" not in text and "AAAABBBB" not in text
