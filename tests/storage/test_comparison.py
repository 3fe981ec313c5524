"""Stored files and rows are compared by themselves once a day, by one worker, and nothing of it is
deleted."""

from __future__ import annotations

import os
import time
from datetime import timedelta

import pytest
from django.conf import settings as site
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from models_app.models import FileComparison, TrainingImage
from models_app.services import add_photo
from models_app.storage_errors import StorageAwayError
from tests.factories import TrainingImageFactory, UserModelFactory, jpeg
from theway.files import comparing, named, nightly
from theway.files.fingerprints import Fingerprints
from theway.tasks import compare_files

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("machine_clock")]
OLD = comparing.GRACE_SECONDS + 60


def old_file(name: str, data: bytes = b"x") -> str:
    stored = default_storage.save(name, ContentFile(data))
    written = time.time() - OLD
    os.utime(default_storage.path(stored), (written, written))
    return stored


def photo() -> TrainingImage:
    return TrainingImageFactory(model=UserModelFactory())


def known() -> FileComparison:
    return FileComparison.objects.get()


def due_again() -> None:
    FileComparison.objects.update(next_at=timezone.now() - timedelta(seconds=1))


@pytest.fixture
def silent(monkeypatch):
    """The storage does not answer; call it to have it back."""

    def stored(*_: object) -> None:
        raise StorageAwayError("EndpointConnectionError")

    with monkeypatch.context() as patch:
        patch.setattr("models_app.synced_storage.SyncedStorage.stored", stored)
        yield patch.undo


def test_beat_asks_for_it_on_the_queue_of_long_work():
    assert compare_files.name in [one["task"] for one in site.CELERY_BEAT_SCHEDULE.values()]
    assert site.CELERY_TASK_ROUTES[compare_files.name] == {"queue": "calls"}


def test_what_is_found_is_kept_and_nothing_is_deleted():
    kept = photo()
    lost = add_photo(kept.model, upload=SimpleUploadedFile("Ann.jpg", jpeg(1024, 1024)))
    default_storage.delete(lost.file.name)
    left = old_file(f"photos/{kept.model_id}/{'0' * 8}.jpg", b"12345")
    compare_files()
    found = known()
    assert (found.leftover, found.leftover_bytes, found.lost, found.unfinished) == (1, 5, 1, 0)
    assert found.details == {
        "leftover": {"kinds": {"photos": 1}, "names": [left]},
        "lost": {"kinds": {"photos": 1}, "names": [lost.file.name]},
    }
    assert default_storage.exists(left) and found.failure == ""


def test_names_that_somebody_else_gave_are_counted_and_not_kept():
    old_file("Ann's birthday.jpg")
    old_file("photos/Ann in the bath.jpg")
    compare_files()
    assert known().details["leftover"] == {"kinds": {"other": 2}, "names": []}


def test_of_many_names_a_few_are_kept():
    model = UserModelFactory()
    for number in range(30):
        old_file(f"images/{model.pk}/{number:08}.jpg")
    compare_files()
    details = known().details["leftover"]
    assert details["kinds"] == {"images": 30} and len(details["names"]) == 20


def test_it_is_done_once_a_day_however_often_it_is_asked_for(monkeypatch):
    assert nightly.compare_if_due()
    monkeypatch.setattr(nightly, "look", lambda: pytest.fail("looked twice"))
    assert [nightly.compare_if_due() for _ in range(3)] == [False] * 3
    assert known().next_at == known().began_at + timedelta(days=1)


def test_it_is_not_begun_while_another_worker_is_at_it(monkeypatch):
    inside: list[bool] = []
    look = nightly.look

    def looking():
        inside.append(nightly.compare_if_due())
        return look()

    monkeypatch.setattr(nightly, "look", looking)
    assert nightly.compare_if_due() and inside == [False]


def test_a_crash_in_the_middle_leaves_what_was_known(monkeypatch):
    old_file("images/x.jpg")
    compare_files()
    due_again()
    with monkeypatch.context() as patch:
        patch.setattr(nightly, "look", lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            compare_files()
    found = known()
    assert found.leftover == 1 and found.ended_at < found.began_at < found.next_at
    assert not nightly.compare_if_due()
    due_again()  # hours later
    assert nightly.compare_if_due()


def test_a_silent_storage_is_noted_beside_what_was_known_and_asked_again(request):
    old_file("images/x.jpg")
    compare_files()
    due_again()
    come_back = request.getfixturevalue("silent")
    compare_files()
    found = known()
    assert "EndpointConnectionError" in found.failure and found.failed_at
    assert found.leftover == 1 and found.next_at == found.began_at + timedelta(hours=1)
    come_back()
    due_again()
    compare_files()
    assert (known().failure, known().failed_at) == ("", None)


def test_a_storage_that_was_always_silent_is_no_loss(silent):
    photo()
    compare_files()
    assert (known().ended_at, known().lost) == (None, 0)


def test_a_clock_that_is_set_back_stops_nothing():
    compare_files()
    FileComparison.objects.update(next_at=timezone.now() + timedelta(days=300))
    assert nightly.compare_if_due()


def test_the_command_finds_the_same_and_keeps_it(capsys):
    lost = photo()
    default_storage.delete(lost.thumbnail.name)
    left = old_file("photos/gone/x.jpg")
    call_command("orphans")
    said = capsys.readouterr().out
    assert f"no row:  {left}" in said and f"no file: {lost.thumbnail.name}" in said
    assert (known().leftover, known().lost) == (1, 1)
    assert not nightly.compare_if_due()


def test_what_the_command_deleted_counts_no_longer(django_capture_on_commit_callbacks):
    kept = photo()
    left = old_file("photos/gone/x.jpg")
    with django_capture_on_commit_callbacks(execute=True):
        call_command("orphans", "--delete")
    assert not default_storage.exists(left) and default_storage.exists(kept.file.name)
    assert known().leftover == 0


# --- the rule -------------------------------------------------------------------------------


def test_a_row_that_comes_while_files_are_listed_keeps_its_file(monkeypatch):
    one = photo()
    for name in (one.file.name, one.thumbnail.name):
        os.utime(default_storage.path(name), (1, 1))
    row = {field.attname: getattr(one, field.attname) for field in one._meta.concrete_fields}
    TrainingImage.objects.all().delete()
    real = default_storage.stored

    def stored():
        yield from list(real())
        TrainingImage.objects.bulk_create([TrainingImage(**row)], ignore_conflicts=True)

    monkeypatch.setattr(default_storage, "stored", stored)
    assert list(comparing.differences()) == []


def test_a_row_that_goes_while_files_are_listed_is_not_lost(monkeypatch):
    one = photo()
    default_storage.delete(one.file.name)
    exists = default_storage.exists

    def asked(name: str) -> bool:
        TrainingImage.objects.all().delete()
        return exists(name)

    monkeypatch.setattr(default_storage, "exists", asked)
    assert list(comparing.differences()) == []


def test_rows_and_files_beyond_one_page_are_all_compared(monkeypatch):
    monkeypatch.setattr(comparing, "BATCH", 2)
    monkeypatch.setattr(named, "PAGE_ROWS", 2)
    model = UserModelFactory()
    photos = TrainingImageFactory.create_batch(5, model=model)
    for one in photos[:3]:
        default_storage.delete(one.file.name)
    left = {old_file(f"images/{number}.jpg") for number in range(5)}
    found = list(comparing.differences())
    assert {one.name for one in found if not one.is_lost} == left
    assert {one.name for one in found if one.is_lost} == {one.file.name for one in photos[:3]}


def test_more_files_take_no_more_queries():
    model = UserModelFactory()
    TrainingImageFactory.create_batch(2, model=model)
    with CaptureQueriesContext(connection) as few:
        list(comparing.differences())
    TrainingImageFactory.create_batch(20, model=model)
    with CaptureQueriesContext(connection) as many:
        list(comparing.differences())
    assert len(few) == len(many)


def test_fingerprints_know_what_was_added():
    names = [f"photos/{number}" for number in range(5000)]
    found = Fingerprints(names[::2])
    assert [name in found for name in names] == [True, False] * 2500
    found.add(names[1])
    assert names[1] in found and names[3] not in found
