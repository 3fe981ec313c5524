from datetime import timedelta

from hypothesis import given, strategies as st

from jobs.engine.backoff import poll_interval, retry_delay


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
