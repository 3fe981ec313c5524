from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from jobs.engine.backoff import longest_unseen, poll_interval, retry_delay, turn_interval
from providers import registry


@given(st.integers(min_value=1, max_value=10_000))
def test_the_wait_after_failures_grows_from_two_seconds_to_a_minute(attempts):
    delay = retry_delay(attempts)
    assert timedelta(seconds=2) <= delay <= timedelta(seconds=60)
    assert retry_delay(attempts + 1) >= delay


@given(st.integers(1, 20), st.floats(min_value=0, max_value=3600))
def test_a_provider_that_names_a_time_is_never_asked_earlier(attempts, retry_after):
    assert retry_delay(attempts, retry_after) >= timedelta(seconds=retry_after)


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=3)))
def test_a_healthy_run_is_looked_at_within_ten_seconds(running_for):
    assert timedelta(seconds=1) <= poll_interval(running_for, timedelta(0)) <= timedelta(seconds=10)


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=3)))
def test_one_that_is_reported_is_looked_at_rarely_and_still_within_a_minute(running_for):
    alone = poll_interval(running_for, timedelta(0))
    reported = poll_interval(running_for, timedelta(0), has_webhooks=True)
    assert alone <= reported <= timedelta(seconds=60)
    if running_for >= timedelta(minutes=20):
        assert reported > timedelta(seconds=50)


NO_TIME = timedelta(0)
AGES = st.timedeltas(min_value=NO_TIME, max_value=timedelta(days=3))
ROUNDS = st.timedeltas(min_value=NO_TIME, max_value=timedelta(hours=1))


def usual(running_for: timedelta) -> timedelta:
    return poll_interval(running_for, timedelta(seconds=2))


@given(AGES, st.none() | AGES, ROUNDS, st.booleans())
def test_a_run_waits_for_its_turn_and_never_for_longer_than_a_round(
    running_for, left, everyone, has_webhooks
):
    wait = turn_interval(usual(running_for), running_for, left, everyone, has_webhooks=has_webhooks)
    rounds = 2 if has_webhooks else 1
    assert usual(running_for) <= wait <= max(usual(running_for), rounds * everyone)


@given(AGES, AGES, AGES, ROUNDS)
def test_a_run_that_ends_sooner_is_never_looked_at_later(running_for, one, other, everyone):
    sooner, later = sorted((one, other))
    waits = [
        turn_interval(usual(running_for), running_for, left, everyone) for left in (sooner, later)
    ]
    assert waits == sorted(waits)


@given(AGES, AGES)
def test_alone_at_its_provider_a_run_is_looked_at_as_if_it_were_listed(running_for, left):
    assert turn_interval(usual(running_for), running_for, left, NO_TIME) == usual(running_for)


@given(AGES)
def test_in_a_crowd_a_run_that_ends_within_moments_is_looked_at_as_if_it_were_alone(running_for):
    left, everyone = timedelta(seconds=10), timedelta(minutes=5)
    assert turn_interval(usual(running_for), running_for, left, everyone) == usual(running_for)


def test_far_from_its_end_a_run_in_a_crowd_leaves_the_calls_to_others():
    hours, everyone = timedelta(hours=2), timedelta(minutes=2)
    assert turn_interval(usual(hours), hours, hours, everyone) == everyone
    assert turn_interval(usual(hours), hours, hours, everyone, has_webhooks=True) == 2 * everyone


@pytest.mark.parametrize("key", registry.CLASSES)
def test_five_thousand_runs_are_seen_within_minutes_anywhere(key):
    provider = registry.CLASSES[key](api_key="key", base_url="http://127.0.0.1:9")
    listed = longest_unseen(5000, provider, is_listed=True)
    assert listed < timedelta(seconds=35)
    single = longest_unseen(5000, provider, is_listed=False)
    assert single < timedelta(minutes=9)
    assert single <= longest_unseen(5000, provider, is_listed=False, has_webhooks=True)
