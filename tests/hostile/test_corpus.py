"""Hostile files at the real intake: a reason for each, nothing left, and the next one is taken."""

from __future__ import annotations

import io

import pytest

from tests.factories import UserModelFactory
from tests.hostile.corpus import corpus, sample
from tests.hostile.intake import taken_in

CASES = sample()


@pytest.mark.django_db
@pytest.mark.parametrize("name", CASES)
def test_a_hostile_file_gets_its_reason_and_leaves_nothing(name):
    one = CASES[name]
    taken = taken_in(UserModelFactory(), one, io.BytesIO(one.make()))
    assert taken.codes
    assert (taken.faults, taken.leftovers) == ((), ())


def test_there_are_hundreds_of_cases_of_many_kinds():
    cases = corpus()
    assert len(cases) > 500
    assert len({one.kind for one in cases.values()}) > 20
