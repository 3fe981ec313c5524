"""Advice on captions: what is said of which photos."""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from models_app.caption_advice import advice_on
from models_app.caption_words import words_in
from models_app.limits import LIMITS
from models_app.models import Subject, UserModel


def notes(*captions: str, kind: str = "person", word: str = "ann_k7") -> dict[str, tuple[int, ...]]:
    found = advice_on(captions, UserModel(kind=kind, trigger_word=word))
    return {note.code: note.places for note in found}


def test_good_captions_and_none_at_all_get_no_advice():
    assert notes("ann_k7 in the garden", "ann_k7 on a bridge", "", "", "", "") == {}
    assert notes() == {}


def test_captions_without_the_trigger_word_are_named_but_blank_ones_are_not():
    assert notes("in the garden", "ANN_K7, on a bridge", "", "ann_k78 is another") == {
        "no_trigger": (0, 3)
    }


def test_a_placeholder_counts_as_the_trigger_word_that_takes_its_place():
    assert notes("photo of [trigger] at home") == {}
    assert notes("[trigger] with ann_k7") == {"twice": (0,)}


def test_before_there_is_a_trigger_word_nothing_is_said_about_it():
    assert notes("in the garden", word="") == {}


def test_a_trigger_word_that_stands_twice_is_named():
    assert notes("ann_k7 with ann_k7", "ann_k7 and ann_k77") == {"twice": (0,)}


def test_the_same_caption_on_three_photos_is_named_whatever_the_case():
    assert notes("ann_k7 at home", "Ann_k7 at home ", "ann_k7 at HOME", "ann_k7 there") == {
        "alike": (0, 1, 2)
    }
    assert notes("ann_k7 at home", "ann_k7 at home") == {}


def test_a_caption_that_trainers_would_cut_is_named():
    long = "ann_k7 " + "x" * LIMITS.long_caption
    assert notes(long, "ann_k7") == {"long": (0,)}


@pytest.mark.parametrize(
    ("kind", "caption", "expected"),
    [
        ("person", "a woman with long brown hair and blue eyes", ["long brown hair", "blue eyes"]),
        ("person", "a young blonde, 34 years old", ["young blonde", "34 years old"]),
        (
            "person",
            "Red-haired, fair skinned, freckles",
            ["Red-haired", "fair skinned", "freckles"],
        ),
        ("person", "in a brown coat, her hair tied up, at the old hall", []),
        ("person", "a tall, old house; a tall old man", ["tall old man"]),
        ("person", "an oil painting on the wall", []),
        ("style", "an oil painting of a boat, brushstrokes", ["oil painting", "brushstrokes"]),
        ("style", "Watercolour in the style of nobody", ["Watercolour", "in the style of"]),
        ("style", "a young woman with brown hair", []),
        ("product", "made of metal, with a logo", ["made of metal", "with a logo"]),
        ("product", "on a wooden table", []),
    ],
)
def test_words_about_what_shall_be_learned_are_found(kind, caption, expected):
    assert words_in(caption, kind) == expected


def test_such_words_are_quoted_with_their_photos():
    (note,) = advice_on(
        ["ann_k7, blue eyes", "ann_k7 in a hat"], UserModel(kind="person", trigger_word="ann_k7")
    )
    assert note.places == (0,)
    assert "“blue eyes”" in note.text


@settings(deadline=None)
@given(st.lists(st.text(max_size=80), max_size=6), st.sampled_from(Subject.values))
def test_any_captions_get_advice_about_photos_that_there_are(captions, kind):
    for places in notes(*captions, kind=kind).values():
        assert set(places) <= set(range(len(captions)))
