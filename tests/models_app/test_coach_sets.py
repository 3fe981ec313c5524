"""The score of a set, what it lacks, and that nothing stored can make judging fail."""

from __future__ import annotations

import json
import uuid

import pytest
from hypothesis import given, strategies as st

from models_app.coach import texts
from models_app.coach.measures import VERSION, Face, Measures, read
from models_app.coach.notes import Measured
from models_app.coach.sets import judge
from models_app.models import Subject

RED, BLUE = (255.0,) + (0.0,) * 63, (0.0,) * 63 + (255.0,)


def photo(at: int = 0, **measures: object) -> Measured:
    """A good photo of a person, unlike all others."""
    good = {
        "sharpness": 0.5,
        "middle": 60.0 + at * 15 % 120,
        "bright": 200.0,
        "white": 0.0,
        "hash": int(uuid.uuid5(uuid.NAMESPACE_OID, str(at))) % 2**64,
        "colours": RED if at % 2 else BLUE,
        "grey_end": 0.0,
        "faces": (face((0.35, 0.25, 0.1)[at % 3], 0.3 if at % 4 == 0 else 0.0),),
    }
    return Measured(uuid.uuid4(), f"IMG_{at}.jpg", 2000, 1500, Measures(**good | measures))


def face(height: float = 0.2, turn: float = 0.0) -> Face:
    return Face(height * 0.8, height, 90, turn, 120, 0.5)


def good_set(count: int = 12, **measures: object) -> list[Measured]:
    return [photo(at, **measures) for at in range(count)]


def lacks(photos: list[Measured], kind: str = Subject.PERSON) -> list[str]:
    return [lack.code for lack in judge(photos, kind).lacks]


@pytest.mark.parametrize(("kind", "total"), [("person", 5), ("product", 4), ("style", 4)])
def test_a_good_set_has_all_points(kind, total):
    verdict = judge(good_set(), kind)
    assert (verdict.score, verdict.total, verdict.lacks) == (total, total, ())
    assert texts.score_words(verdict) == "Very good set"


def test_a_few_flawed_photos_cost_no_point_and_many_do():
    blurred = [photo(at + 50, sharpness=0.1) for at in range(4)]
    assert judge(good_set(10) + blurred[:2], Subject.PERSON).points["sound"] is True
    assert judge(good_set(10) + blurred, Subject.PERSON).points["sound"] is False


@pytest.mark.parametrize(
    ("measures", "missing"),
    [
        ({"faces": (face(0.35, 0.3),)}, ["body"]),
        ({"faces": (face(0.1, 0.3),)}, ["close"]),
        ({"faces": (face(0.2),)}, ["side", "close", "body"]),
        ({"colours": RED}, ["scene"]),
        ({"middle": 100.0}, ["light"]),
    ],
)
def test_what_is_missing_is_named(measures, missing):
    assert lacks(good_set(**measures)) == missing
    assert judge(good_set(**measures), Subject.PERSON).points["variety"] is False


def test_as_many_are_asked_for_as_are_missing():
    photos = [*good_set(8, faces=(face(0.35),)), photo(20, faces=(face(0.1, 0.4),))]
    asked = {lack.code: lack.count for lack in judge(photos, Subject.PERSON).lacks}
    assert asked == {"side": 1, "body": 1}


def test_views_of_a_face_are_not_asked_of_a_product():
    assert lacks(good_set(faces=(face(),)), Subject.PRODUCT) == []


def test_the_subject_decides_what_is_said_of_the_same_measures():
    photos = good_set(faces=())
    said = {kind: judge(photos, kind).notes[photos[0].id] for kind in Subject.values}
    assert [note.code for note in said["person"]] == ["no_face"]
    assert said["product"] == said["style"] == []


def test_of_two_that_are_alike_the_later_is_told_which_one_it_is_like():
    first, second = photo(1, hash=0x0F0F33AA), photo(2, hash=0x0F0F33AB)
    notes = judge([first, second], Subject.PERSON).notes
    assert notes[first.id] == []
    assert "IMG_1.jpg" in texts.note_text(notes[second.id][0])


def test_photos_that_are_not_measured_are_not_judged():
    waiting = [Measured(uuid.uuid4(), "a.jpg", 2000, 1500, None) for _ in range(12)]
    verdict = judge(waiting, Subject.PERSON)
    assert verdict.waiting == 12
    assert (verdict.score, verdict.total) == (1, 1)
    assert not any(verdict.notes.values())


def test_without_a_detector_faces_cost_no_point():
    verdict = judge(good_set(faces=None), Subject.PERSON)
    assert (verdict.score, verdict.total) == (4, 4)


@pytest.mark.parametrize("kind", Subject.values)
def test_every_code_has_its_words(kind):
    bad = good_set(
        10, sharpness=0.0, bright=10.0, white=0.0, grey_end=0.5, colours=RED, hash=0xFFFF
    )
    many = (face(), face())
    for photos in (bad, good_set(5, faces=many), good_set(5, faces=(face(0.01),)), good_set(5)):
        verdict = judge(photos, kind)
        for notes in verdict.notes.values():
            for note in notes:
                assert texts.note_text(note) and all(texts.group_texts(note.code, 2))
        assert all(texts.lack_text(lack, kind) for lack in verdict.lacks)
        assert all(texts.point_text(code, kind) for code in verdict.points)


ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=10**400, max_value=10**401)
    | st.floats()
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=12,
)
MEASURES = st.fixed_dictionaries(
    {"version": st.just(VERSION)},
    optional={
        "sharpness": ANY_JSON | st.floats(0, 1),
        "light": ANY_JSON
        | st.dictionaries(st.sampled_from(["middle", "bright", "white"]), ANY_JSON),
        "hash": ANY_JSON | st.text("0123456789abcdefx_-+ ", min_size=16, max_size=16),
        "colours": ANY_JSON | st.lists(st.integers(-1, 256), min_size=64, max_size=64),
        "grey_end": ANY_JSON,
        "faces": ANY_JSON
        | st.lists(
            st.dictionaries(
                st.sampled_from(["width", "height", "score", "turn", "light", "sharpness"]),
                ANY_JSON | st.floats(0, 1) | st.integers(0, 100),
            )
        ),
    },
)


@given(st.lists(ANY_JSON | MEASURES, max_size=8), st.sampled_from(Subject.values))
def test_judging_never_fails_whatever_is_stored(stored, kind):
    photos = [Measured(uuid.uuid4(), "a.jpg", 300, 300, read(one)) for one in stored]
    verdict = judge(photos, kind)
    assert 0 <= verdict.score <= verdict.total <= 5
    assert set(verdict.notes) == {photo.id for photo in photos}
    assert texts.score_words(verdict)


@given(ANY_JSON)
def test_reading_gives_measures_or_nothing(stored):
    assert read(stored) is None
    assert read(json.loads("null")) is None
