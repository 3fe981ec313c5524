"""What one person may use: whose value counts, and when there is room again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import limits
from accounts.allowances import Allowance, Limit, Usage
from accounts.limit_texts import left_text, problem, reached_text
from accounts.limits import LimitReachedError
from models_app.models import PhotoUpload
from tests.factories import UserModelFactory


def hours_ago(*hours: float) -> Usage:
    now = timezone.now()
    return Usage.of_day((now - timedelta(hours=one), 1) for one in hours)


@pytest.mark.parametrize(
    ("installation", "own", "expected"),
    [(None, None, None), (5, None, 5), (5, 7, 7), (None, 7, 7), (5, 0, 0), (0, None, 0)],
)
def test_a_persons_own_value_counts_before_the_installations(
    installation, own, expected, owner, settings
):
    settings.LIMIT_DRAFTS = installation
    owner.limit_drafts = own
    assert limits.allowed(owner, Limit.DRAFTS) == expected


def test_one_persons_own_value_is_nobody_elses(owner, stranger, settings):
    settings.LIMIT_DRAFTS = 5
    owner.limit_drafts = 7
    assert limits.allowed(stranger, Limit.DRAFTS) == 5


def test_without_a_limit_nothing_is_counted(owner, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert limits.allowances(owner) == []
        for limit in Limit:
            limits.require(owner, limit)


def test_zero_is_none_at_all(owner, settings):
    settings.LIMIT_TRAININGS_PER_DAY = 0
    with pytest.raises(LimitReachedError, match="You may not start trainings here") as reached:
        limits.require(owner, Limit.TRAININGS)
    assert reached.value.retry_after is None


def test_what_others_use_counts_for_nobody_else(owner, stranger, settings):
    settings.LIMIT_DRAFTS = 1
    UserModelFactory(owner=stranger)
    limits.require(owner, Limit.DRAFTS)
    with pytest.raises(LimitReachedError):
        limits.require(stranger, Limit.DRAFTS)


def test_a_day_is_the_last_24_hours(owner, settings):
    settings.LIMIT_PHOTOS_PER_DAY = 2
    now = timezone.now()
    for hours in (25, 23, 1):
        PhotoUpload.objects.create(owner=owner, at=now - timedelta(hours=hours))
    with pytest.raises(LimitReachedError, match="room again in 1 hour") as reached:
        limits.require(owner, Limit.PHOTOS)
    assert reached.value.used == 2
    assert 3500 < reached.value.retry_after <= 3600


@pytest.mark.parametrize(
    ("more", "hours"),
    [(1, 4), (2, 14), (3, 22)],
)
def test_room_comes_back_one_by_one(more, hours):
    found = Allowance(Limit.PHOTOS, 3, hours_ago(20, 10, 2))
    assert found.room_at(more) - timezone.now() <= timedelta(hours=hours)
    assert found.room_at(more) - timezone.now() > timedelta(hours=hours - 0.1)


def test_waiting_does_not_help_where_more_is_asked_for_than_is_ever_allowed():
    assert Allowance(Limit.PICTURES, 3, hours_ago(20, 10, 2)).room_at(4) is None


def test_a_lowered_limit_waits_for_as_many_as_are_too_many():
    found = Allowance(Limit.TRAININGS, 1, hours_ago(20, 10, 2))
    assert found.room_at() > timezone.now() + timedelta(hours=21)
    assert found.left == 0


def test_it_is_near_from_four_fifths_on():
    assert not Allowance(Limit.DRAFTS, 10, Usage(7)).is_near
    assert Allowance(Limit.DRAFTS, 10, Usage(8)).is_near


def test_the_sentences_name_numbers_time_and_who_can_change_it():
    near = Allowance(Limit.TRAININGS, 10, hours_ago(*[3] * 8))
    assert left_text(near) == "2 of 10 trainings left in 24 hours."
    reached = reached_text(Allowance(Limit.TRAININGS, 1, hours_ago(3)))
    assert "You have started 1 training in 24 hours" in reached
    assert "There is room again in 21 hours." in reached
    assert reached.endswith("The operator can allow you more.")


def test_storage_is_said_in_megabytes():
    text = reached_text(Allowance(Limit.STORAGE, 5000 * 2**20, Usage(5000 * 2**20)))
    assert "Your 5,000 MB of storage are used." in text


def test_a_program_is_told_a_stable_code():
    told = problem(LimitReachedError(Allowance(Limit.TRAININGS, 1, hours_ago(3))))
    assert (told["code"], told["limit"], told["allowed"]) == (
        "limit_reached",
        "trainings_per_day",
        1,
    )
    assert told["room_at"]
