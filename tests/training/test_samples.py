"""What a training shows on the way: fetched as it comes, checked, stored once, private, bounded."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import responses
from django.core.files.storage import default_storage
from django.utils import timezone

from jobs import tasks
from jobs.deletion import delete_model
from jobs.engine import samples as reading
from jobs.engine.collect import collect
from jobs.models import JobEvent, JobQueue, ProviderStatus
from jobs.states import Status
from jobs.work import InvalidResultError
from models_app import storage_use
from models_app.decoding import process
from models_app.decoding.budget import Budget
from providers.registry import get
from tests.factories import JobFactory, TrainingSampleFactory, jpeg
from tests.models_app import hostile
from tests.scripted_trainer import BASE
from tests.training.test_weights import safetensors
from training import samples
from training.models import TrainingSample

pytestmark = pytest.mark.django_db


class Shown:
    """What the trainer shows of one run."""

    def __init__(self, scripted, job: JobQueue) -> None:
        self.mock, self.job = scripted.mock, job
        self.address = f"{BASE}/fine-tunes/{job.run_id}/samples"
        self.items: list[dict[str, object]] = []
        self.list()

    def list(self) -> None:
        self.mock.upsert(responses.GET, self.address, json={"data": self.items})

    def add(self, step: int, number: int, data: bytes | None = None, **changes: object) -> None:
        url = f"{self.address}/{step}-{number}.jpg"
        item = {
            "step": step,
            "prompt": f"photo of {'zorbik ' if number == 0 else ''}person",
            "has_trigger": number == 0,
            "url": url,
        }
        self.items.append(item | changes)
        self.mock.get(url, body=jpeg(64, 64, quality=50 + number) if data is None else data)
        self.list()

    def pair(self, step: int) -> None:
        self.add(step, 0)
        self.add(step, 1)

    @property
    def downloads(self) -> int:
        return sum(".jpg" in str(call.request.url) for call in self.mock.calls)


@pytest.fixture
def job(db) -> JobQueue:
    return JobFactory(running=True, engine="diffusers")


@pytest.fixture
def shown(scripted, job) -> Shown:
    return Shown(scripted, job)


def stored(job: JobQueue) -> list[tuple[int, int, bool]]:
    rows = TrainingSample.objects.filter(job=job)
    return list(rows.values_list("step", "number", "has_trigger"))


def notes(job: JobQueue) -> list[str]:
    rows = JobEvent.objects.filter(job=job, kind=JobEvent.Kind.NOTE)
    return list(rows.order_by("id").values_list("text", flat=True))


def test_new_samples_are_stored_with_files_and_told_step_by_step(job, shown):
    shown.pair(0)
    reading.read(job.pk)
    assert stored(job) == [(0, 0, True), (0, 1, False)]
    row = TrainingSample.objects.first()
    assert (row.width, row.height, row.engine) == (64, 64, "diffusers")
    assert (row.prompt, row.size) == ("photo of zorbik person", len(jpeg(64, 64, quality=50)))
    assert str(row.file.name).startswith(f"images/{job.model_id}/")
    with default_storage.open(row.file.name) as file:
        assert file.read() == jpeg(64, 64, quality=50)
    shown.pair(250)
    samples.fetch(job, get("local"))
    assert notes(job) == ["New samples: step 0.", "New samples: step 250."]


def test_what_is_stored_is_not_downloaded_again(job, shown):
    shown.pair(0)
    samples.fetch(job, get("local"))
    samples.fetch(job, get("local"))
    assert shown.downloads == 2
    assert len(stored(job)) == 2
    assert len(notes(job)) == 1


BAD = {
    "no picture": lambda: b"<html>gone</html>",
    "too large": lambda: b"x" * (2 * 1024**2 + 1),
    "a bomb": lambda: hostile.black_png(16_000, 16_000),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_sound_picture_is_left_out_and_not_fetched_again(name, job, shown):
    shown.add(0, 0, BAD[name]())
    shown.add(0, 1)
    samples.fetch(job, get("local"))
    samples.fetch(job, get("local"))
    assert shown.downloads == 2
    kept = TrainingSample.objects.exclude(file="")
    assert [one.number for one in kept] == [1]


def test_a_sample_elsewhere_is_not_asked_for(job, shown):
    shown.add(0, 0, url="http://169.254.169.254/latest/meta-data")
    samples.fetch(job, get("local"))
    assert not any("169.254" in str(call.request.url) for call in shown.mock.calls)
    assert not TrainingSample.objects.exclude(file="").exists()


def test_having_no_turn_says_nothing_about_a_sample(job, shown, monkeypatch):
    shown.pair(0)
    with monkeypatch.context() as patch:
        patch.setattr(process, "_BUDGET", Budget(memory=0, at_once=1))
        patch.setattr(process, "DECODING", replace(process.DECODING, wait_seconds=0))
        with pytest.raises(InvalidResultError):
            samples.fetch(job, get("local"))
    samples.fetch(job, get("local"))
    assert len(stored(job)) == 2


def test_two_workers_store_a_sample_once_and_leave_no_file(job, shown):
    shown.add(0, 0)
    url, data = str(shown.items[0]["url"]), jpeg(64, 64)
    busy = []

    def slowly(_request):
        if not busy:  # meanwhile another worker does all of it
            busy.append(True)
            samples.fetch(job, get("local"))
        return 200, {}, data

    shown.mock.remove("GET", url)
    shown.mock.add_callback("GET", url, slowly)
    samples.fetch(job, get("local"))
    assert stored(job) == [(0, 0, True)]
    _folders, files = default_storage.listdir(f"images/{job.model_id}/samples")
    assert len(files) == 2  # of the one, with its thumbnail
    assert notes(job) == ["New samples: step 0."]


def test_there_is_an_end_to_them(job, shown):
    for step in range(15):
        shown.pair(step)
    samples.fetch(job, get("local"))
    samples.fetch(job, get("local"))
    assert TrainingSample.objects.count() == 20


def test_a_training_that_begins_anew_replaces_the_samples_of_the_one_before(
    job, shown, django_capture_on_commit_callbacks
):
    earlier = JobFactory(model=job.model, failed=True, engine="diffusers")
    old = TrainingSampleFactory(model=job.model, job=earlier)
    other = TrainingSampleFactory()
    shown.pair(0)
    with django_capture_on_commit_callbacks(execute=True):
        samples.fetch(job, get("local"))
    assert not TrainingSample.objects.filter(pk=old.pk).exists()
    assert not default_storage.exists(old.file.name)
    assert default_storage.exists(other.file.name)


def test_they_go_with_their_model(job, shown, django_capture_on_commit_callbacks):
    shown.pair(0)
    samples.fetch(job, get("local"))
    names = [name for row in TrainingSample.objects.all() for name in (row.file, row.thumbnail)]
    JobQueue.objects.update(status="cancelled")
    with django_capture_on_commit_callbacks(execute=True):
        delete_model(job.model)
    assert not TrainingSample.objects.exists()
    assert [str(one) for one in names if default_storage.exists(str(one))] == []


def test_they_count_in_the_storage_of_their_owner():
    sample = TrainingSampleFactory(size=20)
    TrainingSampleFactory(size=77)  # somebody else's
    assert storage_use.usage_of(sample.model.owner).used == 20


# --- when they are asked for --------------------------------------------------------------------


def test_running_trainings_are_asked_in_turns_and_not_all_the_time(job, scripted):
    assert reading.due() == [str(job.pk)]
    JobQueue.objects.update(samples_read_at=timezone.now())
    assert reading.due() == []
    JobQueue.objects.update(samples_read_at=timezone.now() - timedelta(seconds=11))
    assert reading.due() == [str(job.pk)]
    JobQueue.objects.update(samples_read_at=timezone.now() + timedelta(days=1))
    assert reading.due() == [str(job.pk)]  # under a clock that was wrong


@pytest.mark.parametrize(
    "changes",
    [
        {"engine": "simulated"},
        {"engine": ""},
        {"provider": "together"},
        {"kind": "generation"},
        {"status": "queued"},
    ],
)
def test_who_has_nothing_to_show_is_not_asked(job, scripted, changes):
    JobQueue.objects.update(**changes)
    assert reading.due() == []


def test_a_trainer_that_wants_us_to_wait_is_left_alone(job, scripted):
    ProviderStatus.objects.create(
        provider="local", paused_until=timezone.now() + timedelta(minutes=1)
    )
    assert reading.due() == []


def test_many_trainings_wait_for_each_other(scripted):
    JobFactory.create_batch(9, running=True, engine="diffusers")
    assert len(reading.due()) == reading.PER_SWEEP


def test_a_failure_changes_nothing_but_when_they_are_asked_for_again(job, scripted):
    scripted.mock.get(f"{BASE}/fine-tunes/{job.run_id}/samples", status=502)
    reading.read(job.pk)
    job.refresh_from_db()
    assert job.status == Status.RUNNING
    assert job.samples_read_at is not None
    assert not TrainingSample.objects.exists()


def test_the_sweep_wakes_a_worker_for_them(job, scripted, monkeypatch):
    found = []
    monkeypatch.setattr(tasks, "dispatch", lambda task, *ids: found.append((task.__name__, *ids)))
    tasks.sweep_jobs()
    assert ("read_samples", str(job.pk)) in found


# --- at the end ---------------------------------------------------------------------------------


FLUX = "black-forest-labs/FLUX.1-dev"


def finishing(scripted) -> JobQueue:
    job = JobFactory(finishing=True, engine="diffusers", payload={"base_model": FLUX})
    scripted.logs(job.run_id)
    scripted.mock.get(f"{BASE}/finetune/download", body=safetensors())
    return job


def test_the_last_ones_are_fetched_with_the_weights(scripted):
    job = finishing(scripted)
    Shown(scripted, job).pair(500)
    collect(job.pk)
    job.refresh_from_db()
    assert job.status == Status.SUCCEEDED
    assert stored(job) == [(500, 0, True), (500, 1, False)]


def test_weights_are_worth_the_same_without_them(scripted):
    job = finishing(scripted)
    scripted.mock.get(f"{BASE}/fine-tunes/{job.run_id}/samples", status=500)
    collect(job.pk)
    job.refresh_from_db()
    assert job.status == Status.SUCCEEDED
