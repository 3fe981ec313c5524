"""People's own words: kept as they were written, and shown so that they disturb nothing."""

from __future__ import annotations

import unicodedata

import pytest
from django import forms
from hypothesis import given, strategies as st

from models_app import texts

WORDS = [
    "می‌خواهم",  # Persian, with a zero-width non-joiner inside the word
    "👩‍👩‍👧‍👦",  # a family: four people and three zero-width joiners
    "🏴󠁧󠁢󠁳󠁣󠁴󠁿",  # Scotland: a flag and tag characters
    "❤️‍🔥",  # a variation selector and a joiner
    "क्‍ष",  # Hindi, with a joiner
    "葛󠄀",  # a Chinese character in a chosen shape
    "שלום\u200f!",  # a mark of direction
    "\u202bمرحبا\u202c",  # an embedding
    "« très »",  # spaces that do not break
    "全角　空白",  # an ideographic space
    "\U0001fae9",  # newer than some Python
    "\ue000",  # private use: somebody's own font
    "soft\u00adhyphen",
]
CONTROLS = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\t\n"]
anything = st.text(st.characters(codec=None))


@pytest.mark.parametrize("clean", [texts.cleaned, texts.single_line])
@pytest.mark.parametrize("word", WORDS)
def test_a_word_of_any_script_stays_as_it_is(clean, word):
    assert clean(word) == word
    assert texts.isolated(word).strip("\u2068\u2069") == word


@pytest.mark.parametrize("control", CONTROLS, ids=ascii)
def test_no_control_character_stays(control):
    assert control not in texts.cleaned(f"a{control}b")


@pytest.mark.parametrize("line_break", ["\r\n", "\r", "\n", "\x0b", "\x0c", "\x85"], ids=ascii)
def test_line_breaks_of_every_system_are_line_breaks(line_break):
    assert texts.cleaned(f"a{line_break}b") == "a\nb"
    assert texts.single_line(f"a {line_break} b") == "a b"


def is_control(letter: str) -> bool:
    return unicodedata.category(letter) in {"Cc", "Cs"}


@given(anything)
def test_cleaning_takes_control_characters_and_nothing_else(text):
    kept = [letter for letter in text if not is_control(letter) and not letter.isspace()]
    for clean in (texts.cleaned, texts.single_line):
        result = clean(text)
        assert [x for x in result if not x.isspace()] == kept
        assert not any(is_control(letter) for letter in result.replace("\n", "").replace("\t", ""))
        assert clean(result) == result
        result.encode()  # fit for any database and page


@given(anything)
def test_one_line_is_one_line(text):
    assert not set(texts.single_line(text)) & set("\n\r\t\u2028\u2029")


@given(st.text(st.sampled_from("aא\u0301\u2066\u2067\u2068\u2069\u202b\u202e\u202c👩\u200d")))
def test_nothing_inside_an_isolate_ends_it(text):
    isolated = texts.isolated(text)
    depth, lowest_inside = 0, 1
    for letter in isolated[:-1]:
        depth += (letter in "\u2066\u2067\u2068") - (letter == "\u2069")
        lowest_inside = min(lowest_inside, depth)
    if isolated != text:
        assert (lowest_inside, depth, isolated[-1]) == (1, 1, "\u2069")
    assert text in isolated


@pytest.mark.parametrize("text", ["Ann", "Zoë (2)", "写真", "👩‍👩‍👧‍👦", "", "ann_k7, in a café"])
def test_words_from_left_to_right_are_shown_without_any_addition(text):
    assert texts.isolated(text) == text


def test_in_a_page_a_text_is_an_element_that_nothing_inside_ends():
    assert (
        texts.as_html("<b>\u2069\u202e") == '<bdi translate="no">\u2068&lt;b&gt;\u2069\u202e</bdi>'
    )


@pytest.mark.parametrize("text", ["", " ", "\u200d", "\u3164", "\ufeff\u200b", "\u2800", "\ufe0f"])
def test_what_shows_nothing_is_blank(text):
    assert texts.is_blank(text)


@pytest.mark.parametrize("word", WORDS[:-1])
def test_what_shows_something_is_not_blank(word):
    assert not texts.is_blank(word)


@pytest.mark.parametrize("word", ["👩‍👩‍👧‍👦", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "é".replace("é", "e\u0301"), "👍🏽", "🇳🇿"])
def test_a_text_is_never_cut_within_a_letter_or_an_emoji(word):
    for limit in range(1, len(word) + 2):
        assert texts.shortened(f"a{word}b", limit) in {"a", f"a{word}", f"a{word}b"}


@given(anything, st.integers(1, 20))
def test_a_shortened_text_is_a_beginning_of_it_and_no_longer_than_asked(text, limit):
    short = texts.shortened(text, limit)
    assert len(short) <= limit
    assert text.startswith(short)


class Form(forms.Form):
    line = texts.TextField(required=False)
    lines = texts.TextField(required=False, widget=forms.Textarea)


def test_a_field_keeps_words_and_the_lines_of_several():
    form = Form({"line": " می‌خواهم\x07\nb ", "lines": "a\r\n\x1bb"})
    assert form.is_valid()
    assert form.cleaned_data == {"line": "می‌خواهم b", "lines": "a\nb"}


def test_a_field_with_nothing_to_see_is_empty():
    class Required(forms.Form):
        name = texts.TextField()

    assert "name" in Required({"name": "\u200d\ufeff"}).errors


def test_a_field_finds_its_direction_in_what_is_typed():
    assert str(Form()["line"]).count('dir="auto"') == str(Form()["lines"]).count('dir="auto"') == 1
