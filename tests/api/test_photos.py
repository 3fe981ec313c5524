"""The photos of a model, over the API."""

from __future__ import annotations

import pytest
from django.core.files.storage import default_storage

from api.resources import photos as photo_calls
from models_app import cropping
from models_app.crops import Box
from models_app.models import TrainingImage
from models_app.services import add_photo
from tests.api.conftest import problem, program_of
from tests.dashboard.wizard_drafts import photo as upload
from tests.factories import TrainingImageFactory, UserModelFactory


@pytest.fixture
def draft(owner):
    return UserModelFactory(owner=owner)


@pytest.fixture
def photos(draft):
    return [TrainingImageFactory(model=draft, position=at) for at in range(3)]


def order(program, draft) -> list[str]:
    listed = program.get(f"/api/models/{draft.pk}/photos").json()["items"]
    return [one["id"] for one in listed]


def test_photos_are_listed_in_their_order(program, draft, photos):
    assert order(program, draft) == [str(photo.pk) for photo in photos]


def test_a_caption_and_a_place_are_changed_together(program, draft, photos):
    path = f"/api/photos/{photos[0].pk}"
    told = program.patch(path, {"caption": "  a mug \n on a table ", "position": 2}).json()
    assert told["caption"] == "a mug on a table"
    assert order(program, draft) == [str(photos[at].pk) for at in (1, 2, 0)]


def test_captions_of_several_are_changed_at_once_and_others_left(program, draft, photos, owner):
    other = TrainingImageFactory(model=UserModelFactory(owner=owner), caption="as it was")
    captions = {str(photos[0].pk): "one", str(photos[2].pk): "three", str(other.pk): "changed"}
    told = program.patch(f"/api/models/{draft.pk}/captions", {"captions": captions}).json()
    assert [one["caption"] for one in told["items"]] == ["one", "", "three"]
    other.refresh_from_db()
    assert other.caption == "as it was"


def test_a_part_that_no_photo_has_is_refused_and_nothing_changes(program, photos):
    path = f"/api/photos/{photos[0].pk}"
    body = {"caption": "new", "crop": {"left": 9000, "top": 0, "width": 300, "height": 300}}
    problem(program.patch(path, body), 409, "photo_refused")
    photos[0].refresh_from_db()
    assert (photos[0].caption, photos[0].crop) == ("", None)


@pytest.fixture
def changed_meanwhile(photos, monkeypatch):
    """Another program changes the photo between a call's first look and its change."""
    lock = photo_calls.held

    def and_change(model):
        TrainingImage.objects.filter(pk=photos[0].pk).update(caption="theirs")
        return lock(model)

    monkeypatch.setattr(photo_calls, "held", and_change)


def test_a_change_just_before_is_not_undone_by_who_has_not_seen_it(
    program, photos, changed_meanwhile
):
    path = f"/api/photos/{photos[0].pk}"
    seen = program.get(path)["ETag"]
    problem(program.patch(path, {"caption": "mine"}, If_Match=seen), 412, "precondition_failed")
    problem(program.delete(path, If_Match=seen), 412, "precondition_failed")
    photos[0].refresh_from_db()
    assert photos[0].caption != "mine"


def test_who_does_not_ask_what_is_there_changes_it(program, photos, changed_meanwhile):
    told = program.patch(f"/api/photos/{photos[0].pk}", {"caption": ""}).json()
    assert told["caption"] == ""  # as it was when the call came, but it is not any more


@pytest.fixture
def late(draft, monkeypatch) -> list[str]:
    """The files of a crop that is made while another page saves one of the same photo."""
    add_photo(draft, upload=upload("beach.jpg"))
    write, late = cropping.photo_files.write, []

    def and_crop(files):
        monkeypatch.setattr(cropping.photo_files, "write", write)
        cropping.crop_photo(TrainingImage.objects.get(), Box(100, 0, 400, 400))
        late.extend(files)
        write(files)

    monkeypatch.setattr(cropping.photo_files, "write", and_crop)
    return late


@pytest.mark.parametrize(
    ("has_seen", "status", "code"),
    [(True, 412, "precondition_failed"), (False, 409, "conflict")],
)
def test_of_two_crops_at_once_the_later_one_changes_nothing(program, late, has_seen, status, code):
    path = f"/api/photos/{TrainingImage.objects.get().pk}"
    seen = {"If_Match": program.get(path)["ETag"]} if has_seen else {}
    body = {"crop": {"left": 0, "top": 0, "width": 300, "height": 300}}
    problem(program.patch(path, body, **seen), status, code)
    assert TrainingImage.objects.get().box == Box(100, 0, 400, 400)
    assert len(late) == 2
    assert not any(map(default_storage.exists, late))


def test_the_owner_is_locked_before_the_model_as_everywhere(program, photos, monkeypatch):
    """In another order two transactions would wait for each other."""
    locked = []

    def noted(name):
        lock = getattr(photo_calls, name)
        monkeypatch.setattr(photo_calls, name, lambda model: locked.append(name) or lock(model))

    for name in ("locked_owner", "held"):
        noted(name)
    program.patch(f"/api/photos/{photos[0].pk}", {"caption": "new"})
    assert locked == ["locked_owner", "held"]


def test_a_photo_is_removed_with_the_state_that_was_seen(program, photos):
    path = f"/api/photos/{photos[0].pk}"
    old = program.get(path)["ETag"]
    program.patch(path, {"caption": "new"})
    problem(program.delete(path, If_Match=old), 412, "precondition_failed")
    assert program.delete(path).status_code == 204
    assert not TrainingImage.objects.filter(pk=photos[0].pk).exists()


def test_a_photos_file_comes_whole_in_part_and_not_again(program, photos):
    path = f"/api/photos/{photos[0].pk}/file"
    whole = program.get(path)
    assert whole["Content-Type"] == "image/jpeg"
    part = program.get(path, Range="bytes=2-5")
    assert (part.status_code, part.whole) == (206, whole.whole[2:6])
    assert program.get(path, If_None_Match=whole["ETag"]).status_code == 304
    problem(program.get(path, Range="bytes=99999999-"), 416, "range_not_satisfiable")
    assert program.get(f"{path}?size=thumbnail").whole != whole.whole
    problem(program.get(f"{path}?size=huge"), 422, "invalid")


def test_a_file_that_the_storage_has_lost_is_gone(program, photos):
    photos[0].file.storage.delete(photos[0].file.name)
    problem(program.get(f"/api/photos/{photos[0].pk}/file"), 410, "gone")


def test_photos_of_a_model_in_training_stay(owner, program):
    photo = TrainingImageFactory(model=UserModelFactory(owner=owner, training=True))
    path = f"/api/photos/{photo.pk}"
    problem(program.patch(path, {"caption": "new"}), 409, "not_editable")
    problem(program.delete(path), 409, "not_editable")


def test_photos_are_nobody_elses(program, strange_program, nobody, owner, photos, draft):
    for path in (f"/api/photos/{photos[0].pk}", f"/api/photos/{photos[0].pk}/file"):
        problem(strange_program.get(path), 404, "not_found")
        problem(nobody.get(path), 401, "unauthorized")
    problem(
        strange_program.patch(f"/api/photos/{photos[0].pk}", {"caption": "x"}), 404, "not_found"
    )
    problem(strange_program.get(f"/api/models/{draft.pk}/photos"), 404, "not_found")
    reads = program_of(owner, "read")
    problem(reads.patch(f"/api/photos/{photos[0].pk}", {"caption": "x"}), 403, "scope_missing")
