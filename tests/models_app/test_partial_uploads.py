"""Files that arrive in parts: limits, expiry, and that nothing of them is left behind."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as site
from django.utils import timezone

from accounts.limits import LimitReachedError
from jobs.deletion import delete_account, delete_model
from models_app import partial_files, partial_uploads, storage_use
from models_app.errors import NotEditableError, PhotoRefusedError
from models_app.limits import LIMITS, PARTIAL
from models_app.models import PartialUpload
from models_app.partial_uploads import Announced
from models_app.tasks import sweep_partial_uploads
from tests.factories import UserModelFactory

pytestmark = pytest.mark.django_db
FILE = Announced("IMG_1.jpg", 100, chosen=1)


def begun(owner, file: Announced = FILE, **fields) -> PartialUpload:
    model = UserModelFactory(owner=owner, **fields)
    return partial_uploads.begin(model, file)


def send(upload: PartialUpload, data: bytes = b"a face") -> Path:
    path = partial_uploads.path_of(upload)
    partial_files.append(path, io.BytesIO(data), offset=0, length=upload.length)
    return path


def files() -> list[Path]:
    return list(Path(site.PARTIAL_DIR).rglob("*"))


def code_of(owner, file: Announced) -> str:
    with pytest.raises(PhotoRefusedError) as refusal:
        begun(owner, file)
    return refusal.value.code


def test_begun_twice_it_is_one(owner):
    first = begun(owner)
    assert partial_uploads.begin(first.model, FILE) == first
    assert partial_uploads.begin(first.model, replace(FILE, chosen=2)) != first


def test_what_was_announced_counts_as_storage_until_it_is_gone(owner):
    upload = begun(owner)
    assert storage_use.usage_of(owner).used == 100
    partial_uploads.discard(upload)
    assert storage_use.usage_of(owner).used == 0


def test_while_it_is_taken_only_what_becomes_of_it_counts(owner):
    upload = begun(owner)
    send(upload)
    with partial_uploads.opened(upload):
        assert storage_use.usage_of(owner).used == 0
    assert storage_use.usage_of(owner).used == 100


def test_a_file_for_which_there_is_no_room_is_not_begun(owner, settings):
    settings.LIMIT_STORAGE_MB = 1
    begun(owner, replace(FILE, length=1_000_000))
    with pytest.raises(LimitReachedError):
        begun(owner, replace(FILE, length=100_000))
    assert PartialUpload.objects.count() == 1


def test_a_day_s_photos_that_are_used_up_let_none_begin(owner, settings):
    settings.LIMIT_PHOTOS_PER_DAY = 0
    with pytest.raises(LimitReachedError):
        begun(owner)


def test_a_full_disk_lets_none_begin(owner, monkeypatch):
    monkeypatch.setattr(partial_files, "has_room", lambda size: False)
    assert code_of(owner, FILE) == "no_space"


def test_room_is_left_for_everything_else():
    assert partial_files.has_room(0)
    assert not partial_files.has_room(10**18)


@pytest.mark.parametrize(
    ("name", "length", "code"),
    [
        ("a.jpg", 0, "empty"),
        ("a.jpg", LIMITS.max_bytes + 1, "too_many_bytes"),
        ("a.zip", 10**15, "too_many_bytes"),
    ],
)
def test_a_length_that_cannot_be_is_refused_before_anything_is_sent(owner, name, length, code):
    assert code_of(owner, Announced(name, length, chosen=1)) == code


def test_an_archive_may_be_larger_than_a_photo(owner):
    assert begun(owner, Announced("a.ZIP", LIMITS.max_bytes + 1, chosen=1))


def test_one_person_has_so_many_and_no_more(owner, stranger):
    model = begun(owner).model
    for at in range(2, PARTIAL.most_per_person + 1):
        partial_uploads.begin(model, replace(FILE, chosen=at))
    assert code_of(owner, FILE) == "too_many_unfinished"
    assert begun(stranger)


def test_nothing_arrives_for_what_was_started(owner):
    with pytest.raises(NotEditableError):
        begun(owner, training=True)


def test_what_expired_goes_and_the_rest_stays(owner):
    old, new = begun(owner), begun(owner)
    send(old)
    kept = send(new)
    PartialUpload.objects.filter(pk=old.pk).update(expires_at=timezone.now())
    sweep_partial_uploads()
    assert [path for path in files() if path.is_file()] == [kept]
    assert PartialUpload.objects.get() == new


def test_it_waits_for_a_day(owner):
    left = begun(owner).expires_at - timezone.now()
    assert timedelta(hours=23) < left <= timedelta(days=1)


def test_what_expired_begins_anew(owner):
    old = begun(owner)
    PartialUpload.objects.filter(pk=old.pk).update(expires_at=timezone.now())
    assert partial_uploads.begin(old.model, FILE).pk != old.pk


def test_a_file_without_a_row_goes(owner):
    path = send(begun(owner))
    PartialUpload.objects.all().delete()
    assert partial_uploads.sweep() == 1
    assert not path.exists()


@pytest.mark.parametrize("delete", ["the draft", "the account"])
def test_it_goes_with_the_draft_and_with_the_account(
    owner, delete, django_capture_on_commit_callbacks
):
    upload = begun(owner)
    send(upload)
    with django_capture_on_commit_callbacks(execute=True):
        delete_model(upload.model) if delete == "the draft" else delete_account(owner)
    assert not PartialUpload.objects.exists()
    assert files() == []
