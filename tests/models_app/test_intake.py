"""Taking in a set of photos: a result for every file of it, in its order."""

from __future__ import annotations

import errno
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from models_app.errors import NotEditableError
from models_app.intake import State, take_in
from models_app.limits import LIMITS
from models_app.models import PhotoUpload
from models_app.photo_sets import File, PhotoSet
from tests.factories import TrainingImageFactory, UserModelFactory, jpeg
from tests.models_app.zips import Raw, archive, by_hand, read

pytestmark = pytest.mark.django_db
COLOURS = ("red", "blue", "gold", "teal")
RED, BLUE, GOLD = (jpeg(colour=colour) for colour in COLOURS[:3])


@pytest.fixture
def model(owner):
    return UserModelFactory(owner=owner)


def states(results) -> list[tuple[str, State]]:
    return [(result.path, result.state) for result in results]


def names_of(model) -> list[str]:
    return [photo.original_filename for photo in model.photos.all()]


def test_every_file_has_a_result_and_the_good_ones_stay(model):
    data = archive(
        ("x/b.jpg", RED), ("x/b.txt", b"a mug"), ("../evil.jpg", BLUE), ("note.jpg", b"hello"),
        ("copy.jpg", RED), ("a.jpg", GOLD), ("__MACOSX/._a.jpg", b"x"),
    )  # fmt: skip
    results = list(take_in(model, read(data)))
    assert states(results) == [
        ("x/b.jpg", State.STORED),
        ("../evil.jpg", State.REFUSED),
        ("note.jpg", State.REFUSED),
        ("copy.jpg", State.REFUSED),
        ("a.jpg", State.STORED),
        ("__MACOSX/._a.jpg", State.SKIPPED),
    ]
    assert all(result.text for result in results)
    assert results[0].text == "Stored with its caption."
    assert results[3].twin_id == results[0].photo.pk
    assert [(photo.original_filename, photo.caption) for photo in model.photos.all()] == [
        ("b.jpg", "a mug"),
        ("a.jpg", ""),
    ]


def test_large_photos_in_an_archive_are_taken(model):
    large = [jpeg(3000, 2400, colour=colour) for colour in ("red", "navy")]
    data = archive(("a.jpg", large[0]), ("b.jpg", large[1]))
    assert states(take_in(model, read(data))) == [("a.jpg", State.STORED), ("b.jpg", State.STORED)]


def test_a_set_lies_between_what_was_chosen_before_and_after_it(model):
    for chosen, name in ((100, "before"), (100_000, "after")):
        TrainingImageFactory(model=model, chosen=chosen, original_filename=name)
    list(take_in(model, read(archive(("b.jpg", RED), ("a.jpg", BLUE))), chosen=500))
    assert names_of(model) == ["before", "b.jpg", "a.jpg", "after"]


def test_nothing_is_opened_any_more_once_the_model_is_full(model, monkeypatch):
    monkeypatch.setattr("models_app.services.LIMITS", replace(LIMITS, max_photos=1))
    photos = read(archive(("a.jpg", RED), ("b.jpg", BLUE), ("c.jpg", GOLD)))
    never = replace(photos.files[2], open=lambda: pytest.fail("it was opened"))
    results = list(take_in(model, PhotoSet((*photos.files[:2], never))))
    assert [result.state for result in results] == ["stored", "refused", "refused"]
    assert results[1].text == results[2].text
    assert results[2].code == "too_many_photos"


def test_the_days_photos_end_a_set_with_the_sentence_of_the_limit(model, settings):
    settings.LIMIT_PHOTOS_PER_DAY = 1
    results = list(take_in(model, read(archive(("a.jpg", RED), ("b.jpg", BLUE), ("c.jpg", GOLD)))))
    assert [result.code for result in results] == ["", "limit_reached", "limit_reached"]
    assert "24 hours" in results[2].text


def test_what_is_no_photo_by_its_first_bytes_is_not_counted_as_one(model, owner):
    list(take_in(model, read(archive(*((f"{at}.jpg", b"%d" % at) for at in range(30))))))
    assert not PhotoUpload.objects.filter(owner=owner).exists()


def test_a_full_disk_is_no_fault_of_the_photos(model, monkeypatch):
    def full(**_: object):
        raise OSError(errno.ENOSPC, "No space left on device")

    photos = read(archive(("a.jpg", RED), ("b.jpg", BLUE)))
    monkeypatch.setattr("models_app.archives.unpacking.tempfile.TemporaryFile", full)
    results = list(take_in(model, photos))
    assert [result.code for result in results] == ["no_space", "no_space"]


def test_a_file_that_vanished_meanwhile_is_refused(model, tmp_path):
    gone = tmp_path / "gone.jpg"
    (result,) = take_in(model, PhotoSet((File("gone.jpg", lambda: gone.open("rb")),)))
    assert (result.state, result.text) == ("refused", "This file cannot be read.")


def test_once_training_started_nothing_more_is_taken(owner):
    model = UserModelFactory(owner=owner, training=True)
    with pytest.raises(NotEditableError):
        list(take_in(model, read(archive(("a.jpg", RED)))))


def test_a_photo_in_a_set_costs_the_same_queries_as_any_other(model):
    results = take_in(model, read(archive(*((f"{c}.jpg", jpeg(colour=c)) for c in COLOURS))))
    counts = []
    for _ in COLOURS:
        with CaptureQueriesContext(connection) as queries:
            next(results)
        counts.append(len(queries))
    assert len(set(counts[1:])) == 1, counts  # the first has no place to find among others


def test_refused_members_cost_no_queries(model, django_assert_num_queries):
    photos = read(by_hand(*(Raw(b"%d.jpg" % at, b"no photo") for at in range(100))))
    with django_assert_num_queries(0):
        assert len(list(take_in(model, photos))) == 100
