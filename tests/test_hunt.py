"""A person is deleted, and then hunted: their bytes and words, in every file there is.

The trainer is the real one, the database a real file. The hunt reads raw bytes: the database with
its write-ahead log, the media, the journal, the trainer's folder and the temporary one.
"""

from __future__ import annotations

import base64
import io
import random
import subprocess
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone
from PIL import Image

from accounts import invitations
from accounts.models import Invitation, SignUp, User
from generation import services as generation
from generation.models import GeneratedImage
from jobs import services, tasks
from jobs.deletion import delete_account, delete_model
from jobs.engine import deletions, poll, purge
from jobs.models import JobEvent, JobQueue, RemoteDeletion
from jobs.states import Status
from models_app import file_deletions, services as models_app
from models_app.caption_services import set_caption
from models_app.models import FileDeletion, UserModel
from tests.factories import UserFactory
from tests.trainer.process import wait_until
from training.selectors import next_idempotency_key
from training.services import start

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.service,
    pytest.mark.skipif("connection.vendor != 'sqlite'", reason="reads SQLite's own file"),
]
MODEL_WORDS = ("Quetzalia", "qtzl_k7", "verdigris", "marzipan", "periwinkle", "IMG_hunted")
ADDRESS = "zephyrine.hunted@example.org"
PATIENCE = 40.0  # seconds


def noise(seed: int) -> bytes:
    """A photo nobody else has: noise, as a PNG, which is stored as it is sent on."""
    pixels = random.Random(seed).randbytes(320 * 320 * 3)
    buffer = io.BytesIO()
    Image.frombytes("RGB", (320, 320), pixels).save(buffer, "PNG")
    return buffer.getvalue()


class Hunt:
    """Searches all folders for marks: pieces of the person's files, and their words."""

    def __init__(self, *folders: Path) -> None:
        self.folders = folders
        self.marks: dict[str, bytes] = {}

    def add_file(self, name: str, data: bytes) -> None:
        """A piece from the middle, as it is and in base64 at each of its three offsets."""
        starts = range(len(data) // 2, len(data) - 64)
        start = next(at for at in starts if len(set(data[at : at + 48])) > 24)  # not all zeros
        self.marks[name] = data[start : start + 48]
        for offset in range(3):
            piece = base64.b64encode(data[start + offset : start + offset + 48])
            self.marks[f"{name} as base64, {offset}"] = piece

    def found(self) -> set[str]:
        """What is found where."""
        return {
            f"{name} in {path}"
            for folder in self.folders
            for path in folder.rglob("*")
            if path.is_file() and not path.is_symlink()
            for content in [content_of(path)]
            for name, mark in self.marks.items()
            if mark in content
        }


def content_of(path: Path) -> bytes:
    """Read in another process: who closes SQLite's file ends the locks of its own process."""
    return subprocess.run(["cat", str(path)], capture_output=True, check=True).stdout


@pytest.fixture
def trainer_folder(own_trainer, settings) -> Path:
    process = own_trainer(seconds=0.5)
    settings.PROVIDERS = {"local": {"base_url": process.url, "api_key": "local"}}
    return process.folder


@pytest.fixture
def hunt(trainer_folder, settings, tmp_path, monkeypatch) -> Hunt:
    spool = tmp_path / "tmp"
    spool.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(spool))
    database = Path(connection.settings_dict["NAME"]).parent
    return Hunt(database, Path(settings.MEDIA_ROOT), tmp_path, trainer_folder)


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


def trained_model(owner: User, hunt: Hunt) -> UserModel:
    """A model with photos, captions, weights and pictures, whose files the hunt knows."""
    model = models_app.create_draft(owner)
    valid = {
        "name": "Quetzalia",
        "trigger_word": "qtzl_k7",
        "kind": "product",
        "description": "a verdigris teapot",
        "base_model": "black-forest-labs/FLUX.1-dev",
        "provider": "local",
        "options": {"epochs": 1, "learning_rate": 0.0002, "batch_size": 1, "resolution": 512},
    }
    models_app.save_answers(model, step="about", answers={"name": "Quetzalia"}, valid=valid)
    for number in range(4):
        upload = SimpleUploadedFile(f"IMG_hunted_{number}.png", noise(number))
        photo = models_app.add_photo(model, upload=upload)
        set_caption(photo, caption="a marzipan lid")
        with photo.file.open() as file:
            hunt.add_file(f"photo {number}", file.read())
        with photo.thumbnail.open() as file:
            hunt.add_file(f"thumbnail {number}", file.read())
    model.refresh_from_db()
    job = work_until_over(start(model, idempotency_key=next_idempotency_key(model)))
    assert job.status == Status.SUCCEEDED, job.error_detail
    model.refresh_from_db()
    with model.weights.open() as file:
        hunt.add_file("weights", file.read())
    return model


def drawn_pictures(model: UserModel, hunt: Hunt) -> None:
    job = generation.create(
        model,
        idempotency_key="once",
        prompt="a periwinkle sky",
        ratio="1:1",
        count=2,
        seed=7,
        strength=1.0,
        provider="local",
    )
    assert work_until_over(job).status == Status.SUCCEEDED
    for image in GeneratedImage.objects.filter(job=job):
        with image.file.open() as file:
            hunt.add_file(f"picture {image.index}", file.read())


def crowd() -> None:
    """Others, before and after, whose rows share pages with the person's."""
    for number in range(20):
        model = models_app.create_draft(UserFactory())
        models_app.save_answers(
            model, step="about", answers={"name": "x" * 40}, valid={"name": f"Other {number}"}
        )


@pytest.fixture
def person(hunt) -> User:
    crowd()
    owner = User.objects.create_user(ADDRESS, "correct horse battery")
    invitations.issue(Invitation(email=ADDRESS, note="a neighbour"))
    SignUp.objects.create(email=ADDRESS, password="x")
    model = trained_model(owner, hunt)
    drawn_pictures(model, hunt)
    crowd()
    for word in MODEL_WORDS:
        hunt.marks[word] = word.encode()
    # Everything is here and can be found; no photo is on its way to the trainer any more.
    found = {one.split(" in ")[0] for one in hunt.found()}
    assert found == {name for name in hunt.marks if "base64" not in name}
    return owner


def work_off_everything() -> None:
    """What the workers do in the hour after a deletion."""
    deletions.work_off("local")
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        file_deletions.work_off()
        assert purge.purge()
    assert not RemoteDeletion.objects.exists()
    assert not FileDeletion.objects.exists()


def rest_of_trainer(folder: Path) -> list[str]:
    kept = ("runs", "files", "images", "spool")
    return [str(path) for name in kept for path in (folder / name).rglob("*")]


@pytest.mark.parametrize("delete", [delete_model, delete_account])
def test_nothing_of_a_person_is_left(person, hunt, trainer_folder, delete: Callable[..., object]):
    if delete is delete_account:
        hunt.marks[ADDRESS] = ADDRESS.encode()
    owner_or_model = person if delete is delete_account else UserModel.objects.get(owner=person)
    delete(owner_or_model)
    work_off_everything()
    assert rest_of_trainer(trainer_folder) == []
    assert hunt.found() == set()
    assert JobQueue.objects.filter(kind="training").count() == 1  # what was paid stays
    assert User.objects.filter(email=ADDRESS).exists() == (delete is delete_model)


def test_photos_leave_the_trainer_although_the_model_stays(person, trainer_folder, hunt):
    hunt.folders = (trainer_folder,)
    wait_until(lambda: not [name for name in hunt.found() if name.startswith(("photo", "thumb"))])


def test_the_address_goes_from_sentences_about_others(hunt):
    operator = UserFactory(email=ADDRESS, operator=True)
    UserFactory(operator=True)
    model = models_app.create_draft(UserFactory())
    models_app.save_answers(model, step="about", answers={}, valid={"name": "Other"})
    job = JobQueue.objects.create(model=model, owner=model.owner, kind="training", provider="local")
    services.cancel(job, by=f"the operator ({ADDRESS})")
    delete_account(operator)
    (told,) = JobEvent.objects.filter(kind="note")
    assert "somebody whose account is deleted" in told.text
    assert purge.purge()
    hunt.marks = {ADDRESS: ADDRESS.encode()}
    assert hunt.found() == set()
