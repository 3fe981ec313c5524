"""Changes of all captions at once: what becomes of each, and that undoing puts it back."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from models_app import trigger_words
from models_app.caption_changes import Change, Kind, edits_of
from models_app.caption_services import change_captions, set_caption, undo_change, undoable
from models_app.captions import clean_caption
from models_app.errors import NotEditableError
from models_app.limits import LIMITS
from models_app.models import TrainingImage, UserModel
from tests.factories import TrainingImageFactory, UserModelFactory

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)
CAPTIONS = ANY_TEXT.map(clean_caption)
CHANGES = st.builds(Change, st.sampled_from(Kind), CAPTIONS, CAPTIONS)


def after(caption: str, *change: str) -> str:
    model = UserModel(kind="person", trigger_word="ann_k7")
    photo = TrainingImage(caption=caption)
    edits = edits_of([photo], Change(Kind(change[0]), *change[1:]), model)
    return edits[0].after if edits else caption


@pytest.mark.parametrize(
    ("caption", "change", "expected"),
    [
        ("on a bridge", ("prepend", "ann_k7 person"), "ann_k7 person, on a bridge"),
        ("on a bridge", ("prepend", "photo:"), "photo: on a bridge"),
        ("", ("prepend", "ann_k7 person"), "ann_k7 person"),
        ("on a bridge", ("append", "at dusk"), "on a bridge, at dusk"),
        ("on a bridge", ("append", ", at dusk"), "on a bridge, at dusk"),
        ("on a bridge.", ("append", "At dusk"), "on a bridge. At dusk"),
        ("A Man and a man", ("replace", "man", "person"), "A person and a person"),
        ("in a red hat", ("replace", "red ", ""), "in a hat"),
        ("in a hat", ("replace", "in a hat", ""), ""),
        ("a (b) \\1", ("replace", "(b)", "\\g<0>"), "a \\g<0> \\1"),
        ("nothing here", ("replace", "xyz", "abc"), "nothing here"),
        ("on a bridge", ("trigger",), "ann_k7 person, on a bridge"),
        ("Ann_K7 on a bridge", ("trigger",), "Ann_K7 on a bridge"),
        ("photo of [trigger] at home", ("trigger",), "photo of ann_k7 at home"),
        ("", ("trigger",), ""),
        ("on a bridge", ("prepend", ""), "on a bridge"),
    ],
)
def test_a_change_means_what_it_says(caption, change, expected):
    assert after(caption, *change) == expected


def test_a_caption_that_would_be_too_long_stays_and_is_named():
    photo = TrainingImage(caption="x" * (LIMITS.max_caption - 3))
    model = UserModel(kind="person", trigger_word="ann_k7")
    (edit,) = edits_of([photo], Change(Kind.APPEND, "at dusk"), model)
    assert edit.is_too_long
    assert edit.after == edit.before == photo.caption


@settings(deadline=None)
@given(caption=CAPTIONS, change=CHANGES)
def test_every_change_leaves_a_caption_that_can_be_stored(caption, change):
    model = UserModel(kind="product", trigger_word="mug_k7")
    for edit in edits_of([TrainingImage(caption=caption)], change, model):
        assert len(edit.after) <= LIMITS.max_caption
        assert edit.after == clean_caption(edit.after)


@settings(deadline=None)
@given(caption=CAPTIONS)
def test_the_trigger_word_is_put_in_once_and_as_it_is_sent(caption):
    model = UserModel(kind="product", trigger_word="mug_k7")
    photo = TrainingImage(caption=caption)
    for edit in edits_of([photo], Change(Kind.TRIGGER), model):
        assert edit.after == clean_caption(trigger_words.sent_caption(caption, model))
        assert not edits_of([TrainingImage(caption=edit.after)], Change(Kind.TRIGGER), model)


@pytest.fixture
def model(db) -> UserModel:
    model = UserModelFactory(kind="person", trigger_word="ann_k7")
    TrainingImageFactory.create_batch(3, model=model)
    return model


def captions_of(model: UserModel) -> list[str]:
    return list(model.photos.values_list("caption", flat=True))


def caption(model: UserModel, *captions: str) -> list[TrainingImage]:
    photos = list(model.photos.all())
    for photo, text in zip(photos, captions, strict=True):
        TrainingImage.objects.filter(pk=photo.pk).update(caption=text, caption_before=None)
    return list(model.photos.all())


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None
)
@given(captions=st.tuples(CAPTIONS, CAPTIONS, CAPTIONS), change=CHANGES)
def test_undoing_puts_back_exactly_what_was_there(model, captions, change):
    caption(model, *captions)
    changed = change_captions(model, change)
    assert undoable(model).count() == changed
    assert undo_change(model) == changed
    assert captions_of(model) == list(captions)
    assert undo_change(model) == 0


def test_only_the_last_change_is_undone(model):
    caption(model, "a", "b", "")
    change_captions(model, Change(Kind.APPEND, "one"))
    change_captions(model, Change(Kind.REPLACE, "a, one", "two"))
    assert undo_change(model) == 1
    assert captions_of(model) == ["a, one", "b, one", "one"]


def test_a_change_of_nothing_leaves_the_last_one_to_be_undone(model):
    caption(model, "a", "b", "c")
    change_captions(model, Change(Kind.APPEND, "one"))
    assert change_captions(model, Change(Kind.REPLACE, "nowhere", "two")) == 0
    assert undo_change(model) == 3


def test_what_was_typed_since_is_not_undone(model):
    photos = caption(model, "a", "b", "c")
    change_captions(model, Change(Kind.APPEND, "one"))
    set_caption(photos[1], caption="typed")
    set_caption(model.photos.last(), caption="c, one")  # as it stands there
    assert undo_change(model) == 2
    assert captions_of(model) == ["a", "typed", "c"]


@pytest.mark.parametrize(
    "act", [undo_change, lambda one: change_captions(one, Change(Kind.TRIGGER))]
)
def test_captions_of_a_started_model_stay(db, act):
    model = UserModelFactory(training=True)
    TrainingImageFactory(model=model, caption="a", caption_before="b")
    with pytest.raises(NotEditableError):
        act(model)
    assert captions_of(model) == ["a"]
