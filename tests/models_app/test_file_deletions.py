"""Files that must go do go: after a crash, and once the storage lets them."""

from datetime import timedelta

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from jobs import tasks
from models_app import file_deletions, services
from models_app.models import FileDeletion
from tests.factories import TrainingImageFactory, UserModelFactory

pytestmark = pytest.mark.django_db
LATER = timedelta(hours=2)


def stored(name: str) -> str:
    return default_storage.save(name, ContentFile(b"x"))


@pytest.fixture
def refusing(monkeypatch):
    """Lets the storage refuse to delete names that contain what is in the set."""
    refused: set[str] = set()
    delete = default_storage.delete

    def stubborn(name):
        if any(part in name for part in refused):
            raise PermissionError(name)
        delete(name)

    monkeypatch.setattr(default_storage, "delete", stubborn)
    return refused


def test_a_removed_photo_needs_no_second_try(owner, django_capture_on_commit_callbacks):
    photo = TrainingImageFactory(model=UserModelFactory(owner=owner))
    with django_capture_on_commit_callbacks(execute=True):
        services.remove_photo(photo)
    assert not FileDeletion.objects.exists()
    assert not default_storage.exists(photo.file.name)


def test_files_stay_where_the_change_is_rolled_back():
    name = stored("photos/a.jpg")
    with pytest.raises(RuntimeError), transaction.atomic():
        file_deletions.delete_on_commit([name])
        raise RuntimeError
    assert default_storage.exists(name)
    assert not FileDeletion.objects.exists()


def test_a_crash_right_after_the_commit_leaves_no_file_behind():
    name = stored("photos/a.jpg")
    file_deletions.delete_on_commit([name])  # and the process is gone before its callback
    file_deletions.work_off()
    assert default_storage.exists(name)  # whoever asked may be at it
    with time_machine.travel(timezone.now() + LATER):
        file_deletions.work_off()
    assert not default_storage.exists(name)
    assert not FileDeletion.objects.exists()


def test_what_the_storage_refuses_is_tried_until_it_is_gone(
    refusing, django_capture_on_commit_callbacks
):
    names = [stored("photos/a.jpg"), stored("photos/b.jpg")]
    refusing.add("a.jpg")
    with django_capture_on_commit_callbacks(execute=True):
        file_deletions.delete_on_commit(names)
    assert [default_storage.exists(name) for name in names] == [True, False]
    assert FileDeletion.objects.get().attempts == 1
    refusing.clear()
    with time_machine.travel(timezone.now() + LATER):
        file_deletions.work_off()
    assert not default_storage.exists(names[0])
    assert not FileDeletion.objects.exists()


def test_one_file_that_stays_keeps_no_other_in_its_folder(
    owner, refusing, django_capture_on_commit_callbacks
):
    model = UserModelFactory(owner=owner)
    folder = f"photos/{model.pk}"
    names = [stored(f"{folder}/{name}") for name in ("a.jpg", "b.jpg", "incoming/c.jpg")]
    refusing.add("a.jpg")
    with django_capture_on_commit_callbacks(execute=True):
        services.delete_model(model)
    assert [default_storage.exists(name) for name in names] == [True, False, False]


def test_what_a_straggler_stores_after_the_deletion_goes_too(
    owner, django_capture_on_commit_callbacks
):
    model = UserModelFactory(owner=owner)
    folder = f"weights/{model.pk}"
    with django_capture_on_commit_callbacks(execute=True):
        services.delete_model(model)
    name = stored(f"{folder}/late.safetensors")
    with time_machine.travel(timezone.now() + LATER):
        file_deletions.work_off()
        assert not default_storage.exists(name)
        assert not FileDeletion.objects.exists()


def test_the_sweep_wakes_a_worker_for_what_is_left(monkeypatch):
    dispatched = []
    monkeypatch.setattr(tasks, "dispatch", lambda task, *args: dispatched.append(task.name))
    file_deletions.delete_on_commit(["photos/a.jpg"])
    tasks.retry_file_deletions()
    assert dispatched == []
    with time_machine.travel(timezone.now() + LATER):
        tasks.retry_file_deletions()
    assert dispatched == ["jobs.tasks.delete_files"]
