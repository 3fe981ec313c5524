"""`manage.py train FOLDER` and `train ARCHIVE.zip`."""

from __future__ import annotations

import os
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from jobs.models import JobQueue
from jobs.states import Status
from models_app.models import UserModel
from tests.factories import JobFactory, UserFactory, jpeg
from tests.models_app.zips import archive
from training.watching import Watcher, progress_line

pytestmark = pytest.mark.django_db
COLOURS = ("teal", "navy", "olive", "maroon", "purple")


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "My mug"
    place.mkdir()
    for colour in COLOURS:
        (place / f"{colour}.jpg").write_bytes(jpeg(colour=colour))
    return place


@pytest.fixture
def email() -> str:
    return UserFactory().email


def train(*arguments: object) -> str:
    out = StringIO()
    call_command("train", *map(str, arguments), "--no-wait", stdout=out, stderr=out)
    return out.getvalue()


def test_a_folder_becomes_a_model_with_a_waiting_training(folder, email):
    assert "Started job" in train(folder, "--email", email, "--epochs", 40)
    job = JobQueue.objects.get()
    assert job.status == Status.QUEUED
    assert job.payload["options"]["epochs"] == 40
    assert job.model.name == "My mug"
    assert job.model.owner.email == email
    assert job.model.photos.count() == len(COLOURS)


def test_an_unknown_account_is_wrong_usage(folder):
    with pytest.raises(CommandError, match="no account") as refused:
        train(folder, "--email", "nobody@example.org")
    assert refused.value.returncode == 2


def test_a_missing_folder_is_wrong_usage(tmp_path, email):
    with pytest.raises(CommandError, match="is not a folder") as refused:
        train(tmp_path / "gone", "--email", email)
    assert refused.value.returncode == 2


def test_a_value_out_of_range_is_wrong_usage_and_leaves_nothing(folder, email):
    with pytest.raises(CommandError, match="Epochs must be between") as refused:
        train(folder, "--email", email, "--epochs", 9999)
    assert refused.value.returncode == 2
    assert not UserModel.objects.exists()


def test_too_few_photos_start_nothing_and_leave_nothing(folder, email):
    for colour in COLOURS[:2]:
        (folder / f"{colour}.jpg").unlink()
    with pytest.raises(CommandError, match="Add 1 more photo"):
        train(folder, "--email", email)
    assert not UserModel.objects.exists()


def test_a_refused_photo_stops_everything_unless_it_may_be_skipped(folder, email):
    (folder / "notes.txt").write_text("not a photo")
    with pytest.raises(CommandError, match="Nothing was started"):
        train(folder, "--email", email)
    assert not UserModel.objects.exists()
    assert "notes.txt" in train(folder, "--email", email, "--skip-refused")
    assert UserModel.objects.get().photos.count() == len(COLOURS)


def test_litter_stops_nothing_and_everything_is_accounted_for(folder, email):
    for litter in ("._teal.jpg", ".DS_Store", "Thumbs.db", "desktop.ini"):
        (folder / litter).write_bytes(b"litter")
    (folder / "__MACOSX").mkdir()
    output = train(folder, "--email", email)
    assert "5 of 5 files taken." in output
    assert "no photos: .DS_Store, ._teal.jpg, Thumbs.db, __MACOSX, desktop.ini." in output


def test_photos_in_a_folder_in_the_folder_are_taken_too(folder, email):
    (folder / "more").mkdir()
    (folder / "more" / "gold.jpg").write_bytes(jpeg(colour="gold"))
    assert "6 of 6 files taken." in train(folder, "--email", email)


def test_captions_beside_photos_become_theirs(folder, email):
    (folder / "navy.txt").write_bytes("ein Café\nin Zürich".encode("cp1252"))
    train(folder, "--email", email)
    captions = {one.original_filename: one.caption for one in UserModel.objects.get().photos.all()}
    assert captions["navy.jpg"] == "ein Café in Zürich"
    assert captions["teal.jpg"] == ""


def test_an_archive_becomes_a_model_as_a_folder_does(tmp_path, email):
    photos = [(f"{colour}.jpg", jpeg(colour=colour)) for colour in COLOURS]
    path = tmp_path / "Blue mug.zip"
    path.write_bytes(archive(*photos, ("navy.txt", b"a mug"), ("__MACOSX/._navy.jpg", b"x")))
    output = train(path, "--email", email)
    model = UserModel.objects.get()
    assert model.name == "Blue mug"
    assert [one.original_filename for one in model.photos.all()] == [name for name, _ in photos]
    assert [one.caption for one in model.photos.all()] == ["", "a mug", "", "", ""]
    assert "5 of 5 files taken." in output
    assert "no photos: __MACOSX/._navy.jpg." in output


def test_a_refused_file_in_an_archive_is_named_and_may_be_skipped(tmp_path, email):
    photos = [(f"{colour}.jpg", jpeg(colour=colour)) for colour in COLOURS]
    path = tmp_path / "mug.zip"
    path.write_bytes(archive(("../evil.jpg", jpeg()), *photos))
    with pytest.raises(CommandError, match="Nothing was started"):
        train(path, "--email", email)
    output = train(path, "--email", email, "--skip-refused")
    assert "../evil.jpg: Its path leads out" in output
    assert UserModel.objects.get().photos.count() == len(COLOURS)


@pytest.mark.parametrize(
    ("data", "reason"), [(b"PK\x03\x04", "is damaged"), (b"hello", "neither a folder nor a ZIP")]
)
def test_a_file_that_is_no_whole_archive_is_wrong_usage(data, reason, tmp_path, email):
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(CommandError, match=reason) as refused:
        train(tmp_path / "a.zip", "--email", email)
    assert refused.value.returncode == 2
    assert not UserModel.objects.exists()


def test_a_folder_whose_name_is_no_text_still_names_the_model(folder, email):
    odd = folder.rename(folder.with_name(os.fsdecode(b"mug\xff\x1b[31m")))
    train(odd, "--email", email)
    assert UserModel.objects.get().name == "mug[31m"


def test_photos_of_a_person_need_consent(folder, email):
    with pytest.raises(CommandError, match="agrees"):
        train(folder, "--email", email, "--kind", "person")
    assert "Started" in train(folder, "--email", email, "--kind", "person", "--consent")


def test_the_progress_line_shows_where_a_job_stands():
    job = JobFactory.build(
        progress=0.5, stage="Training", step=50, total_steps=100, model=None, owner=None
    )
    assert progress_line(job) == f"[{'#' * 15}{'-' * 15}]  50% Training · step 50 of 100"


def test_following_ends_with_the_job_and_shows_its_last_line():
    job, out = JobFactory(succeeded=True), StringIO()
    Watcher(Plain(out), Plain(out)).watch(job)
    assert "100%" in out.getvalue()


def test_a_job_that_no_worker_takes_brings_a_warning(monkeypatch):
    job, err = JobFactory(), StringIO()
    JobQueue.objects.update(state_changed_at=timezone.now() - timedelta(minutes=1))

    def finish_meanwhile(seconds: float) -> None:
        JobQueue.objects.update(status=Status.CANCELLED)

    monkeypatch.setattr("training.watching.time.sleep", finish_meanwhile)
    Watcher(Plain(StringIO()), Plain(err)).watch(job)
    assert "Is the worker running?" in err.getvalue()


class Plain:
    """The stream of a management command that writes into a file."""

    def __init__(self, stream: StringIO) -> None:
        self._stream = stream

    def write(self, msg: str, style_func: None = None, ending: str | None = None) -> None:
        self._stream.write(msg + ("\n" if ending is None else ending))

    def isatty(self) -> bool:
        return False


@pytest.mark.parametrize(
    ("limit", "most", "reason"),
    [
        ("LIMIT_DRAFTS", 0, "You may not make models here"),
        ("LIMIT_PHOTOS_PER_DAY", 2, "You have uploaded 2 photos in 24 hours"),
        ("LIMIT_TRAININGS_PER_DAY", 0, "You may not start trainings here"),
        ("LIMIT_STORAGE_MB", 0, "You may not store anything here"),
    ],
)
def test_the_accounts_limits_hold_here_too(limit, most, reason, folder, email, settings):
    setattr(settings, limit, most)
    with pytest.raises(CommandError, match=reason):
        train(folder, "--email", email)
    assert not UserModel.objects.exists()
    assert not JobQueue.objects.exists()
