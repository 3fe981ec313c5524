"""What is saved of a field that two pages change."""

from __future__ import annotations

import pytest

from models_app.captions import clean_caption
from models_app.edits import Merge, merge, version_of


@pytest.mark.parametrize(
    ("mine", "known", "stored", "merged"),
    [
        ("b", ["a"], "a", Merge({"x": "b"})),
        ("a", ["a"], "c", Merge()),  # untouched here, changed there
        ("b", ["a"], "b", Merge({"x": "b"})),  # both the same
        ("b", ["a"], "c", Merge({}, {"x": "c"})),
        ("c", ["a", "b"], "b", Merge({"x": "c"})),  # the answer to “b” was lost
        ("a", ["a", "b"], "b", Merge({"x": "a"})),  # and then typed back
        ("b", [], "c", Merge({"x": "b"})),  # a program that says nothing of what it knew
        ("b\r\n", ["a\r\n"], "a\n", Merge({"x": "b\r\n"})),  # as browsers send lines
    ],
)
def test_a_field_is_saved_left_or_asked_about(mine, known, stored, merged):
    assert merge({"x": mine}, {"x": stored}, {"x": known} if known else {}) == merged


def test_what_was_never_stored_is_saved_as_it_was_shown():
    assert merge({"x": "a"}, {}, {"x": ["a"]}) == Merge({"x": "a"})


def test_a_caption_is_compared_as_it_is_stored():
    known = {"x": [" at  home\n"]}
    assert merge({"x": "in Rome"}, {"x": "at home"}, known, clean_caption).clashes == {}


def test_a_version_differs_whenever_what_is_stored_does():
    assert version_of({"a": "1", "b": "2"}) == version_of({"b": "2", "a": "1"})
    assert version_of({"a": "1"}) != version_of({"a": "2"}) != version_of({})
