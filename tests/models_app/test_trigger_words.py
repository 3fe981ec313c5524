"""The word that calls the trained subject in a prompt."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra.django import TestCase

from accounts.models import User
from models_app import trigger_words
from models_app.models import UserModel
from tests.factories import UserModelFactory


def problem(word: str, owner: User, model: UserModel | None = None) -> str:
    return trigger_words.problem_with(word, owner=owner, model=model)


@pytest.mark.parametrize(
    "word", ["ann_k7", "ohwx", "sks", "zoe_x9", "a_1", "qqqqqqqqqqqqqqqqqqqqqqqq"]
)
def test_a_rare_word_is_fine(owner, word):
    assert problem(word, owner) == ""


@pytest.mark.parametrize(
    "word",
    [
        "",
        "ab",
        "x" * 25,
        "7ann",
        "_ann",
        "ann k7",
        "Ann_k7",
        "zoë_k7",
        "ann-k7",
        "ann_k7\n",
        "ann\0",
    ],
)
def test_a_word_of_the_wrong_shape_is_refused(owner, word):
    assert "3 to 24" in problem(word, owner)


@pytest.mark.parametrize("word", ["dog", "running", "ann", "style", "photo", "iphone"])
def test_a_word_the_image_model_knows_is_refused_with_a_better_one(owner, word):
    said = problem(word, owner)
    assert "already means something" in said
    example = said.split("“")[2].split("”")[0]
    assert example.startswith(word) and problem(example, owner) == ""


def test_a_word_of_another_model_is_refused_but_its_own_is_not(owner, stranger):
    model = UserModelFactory(owner=owner, trigger_word="ann_k7")
    assert "Another of your models" in problem("ann_k7", owner)
    assert "Another of your models" in problem("ann_k7", owner, UserModelFactory(owner=owner))
    assert problem("ann_k7", owner, model) == ""
    assert problem("ann_k7", stranger) == ""


@pytest.mark.parametrize(
    ("name", "beginning"),
    [
        ("Ann", "ann_"),
        ("Zoë Müller", "zoe_muller_"),
        ("Straße", "strasse_"),
        ("Жанна", "zhanna_"),
        ("My very long product name", "my_very_long_"),
        ("x" * 60, "x" * 16 + "_"),
        ("3 sisters", "sisters_"),
        ("猫", "my_"),
        ("", "my_"),
    ],
)
def test_the_suggestion_is_made_from_the_name(owner, name, beginning):
    assert trigger_words.suggest(name, owner=owner).startswith(beginning)


def test_the_suggestion_stays_the_same_until_it_is_used(owner):
    word = trigger_words.suggest("Ann", owner=owner)
    assert trigger_words.suggest("Ann", owner=owner) == word
    UserModelFactory(owner=owner, trigger_word=word)
    assert trigger_words.suggest("Ann", owner=owner) != word


def test_suggestions_do_not_run_out(owner):
    for _ in range(120):
        word = trigger_words.suggest("Ann", owner=owner)
        assert problem(word, owner) == ""
        UserModelFactory(owner=owner, trigger_word=word)


class SuggestionTests(TestCase):
    @given(name=st.text(max_size=60))
    @settings(max_examples=60, deadline=None)
    def test_no_name_gets_a_suggestion_that_is_refused(self, name: str) -> None:
        owner = User.objects.create(email="ann@example.org")
        word = trigger_words.suggest(name, owner=owner)
        assert problem(word, owner) == ""


HOLDING = [
    "ann_k7", "ANN_K7 smiles", "by the sea, ann_k7", "(ann_k7)", "“ann_k7”", "«ann_k7»", "ann_k7!",
    "ann_k7's hat", "ann_k7’s hat", "ann_k7-like", "non-ann_k7", "#ann_k7", "@ann_k7:", "ann_k7…",
    "ann_k7/ben", "ann_k7\non two lines", "一张ann_k7的照片", "รูปของann_k7ที่ทะเล", "アンann、ann_k7",
    "фотоann_k7", "ann_k7ـها", "ann_k7\u200cها", "👩‍👩‍👧ann_k7👍🏽", "ann_k7\ufe0f", "¿ann_k7?",
    "ง่ann_k7", "mann_k7 and ann_k7", "ann_k7를 그려", "*ann_k7*", "<b>ann_k7</b>", "ann_k7。",
]  # fmt: skip
LACKING = [
    "", "mann_k7", "ann_k71", "ann_k7_2", "ann k7", "ann-k7", "ann_k", "éann_k7", "e\u0301ann_k7",
    "ann_k7é", "ann_k7\u0301", "x_ann_k7", "ann_k7７", "ann_k7ａ", "1ann_k7",
]  # fmt: skip


@pytest.mark.parametrize("text", HOLDING)
def test_a_text_holds_the_word_beside_any_punctuation_and_script(text):
    assert trigger_words.is_in(text, "ann_k7")


@pytest.mark.parametrize("text", LACKING)
def test_a_longer_or_another_word_is_not_the_word(text):
    assert not trigger_words.is_in(text, "ann_k7")


@given(st.text())
def test_the_word_is_inserted_once_into_any_text(text):
    model = UserModel(kind="person", trigger_word="ann_k7")
    once = trigger_words.with_word(text, model)
    assert trigger_words.is_in(once, "ann_k7")
    assert text.strip() in once
    assert trigger_words.with_word(once, model) == once


@pytest.mark.parametrize("text", HOLDING)
@pytest.mark.parametrize("kind", ["person", "product", "style"])
def test_prompts_and_captions_that_hold_the_word_stay_as_they_are(kind, text):
    model = UserModel(kind=kind, trigger_word="ann_k7")
    assert trigger_words.with_word(text, model) == text
    assert trigger_words.sent_caption(text, model) == text


def test_a_style_is_named_as_one():
    model = UserModel(kind="style", trigger_word="ann_k7")
    assert trigger_words.with_word("a boat.", model) == "picture in ann_k7 style, a boat."
    assert trigger_words.sent_caption(" ", model) == "picture in ann_k7 style"


def test_a_photo_without_a_caption_gets_one_with_the_word():
    assert trigger_words.sent_caption("", UserModel(kind="person", trigger_word="ann_k7")) == (
        "photo of ann_k7 person"
    )


def test_the_dictionary_keeps_little_memory():
    trigger_words._english.cache_clear()
    tracemalloc.start()
    try:
        trigger_words._english()
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 4_000_000
