"""The list of events for programs: page by page, and none is missed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from jobs.models import JobEvent
from jobs.selectors import SETTLED_AFTER, events_after
from tests.factories import JobFactory


@pytest.fixture
def job(owner):
    return JobFactory(model__owner=owner, running=True)


def happen(job, *, age: timedelta = SETTLED_AFTER * 2, **fields) -> JobEvent:
    return JobEvent.objects.create(job=job, kind="log", at=timezone.now() - age, **fields)


def walked(about, limit: int) -> list[int]:
    """The ids a reader gets that asks on for as long as there is a next page."""
    found: list[int] = []
    after, has_more = 0, True
    while has_more:
        shown, after, has_more = events_after(about, after, limit)
        found += [event.pk for event in shown]
    return found


def young(job, **fields) -> JobEvent:
    return happen(job, age=timedelta(0), **fields)


def test_pages_follow_each_other_to_the_end(job):
    ids = [happen(job).pk for _ in range(7)]
    assert walked(job, 3) == ids


def test_a_person_gets_the_events_of_all_their_jobs_and_of_nobody_elses(job, owner, stranger):
    ids = [happen(job).pk, happen(JobFactory(model__owner=owner, running=True)).pk]
    happen(JobFactory(model__owner=stranger, running=True))
    assert walked(owner, 10) == ids
    assert walked(job, 10) == ids[:1]


def test_what_is_young_comes_again_with_what_committed_late_below_it(job):
    old = happen(job, id=1000)
    new = young(job, id=1010)
    shown, after, has_more = events_after(job, 0, 10)
    assert ([event.pk for event in shown], after, has_more) == ([old.pk, new.pk], old.pk, False)
    late = young(job, id=1005)
    assert [event.pk for event in events_after(job, after, 10)[0]] == [late.pk, new.pk]


def test_a_full_page_of_young_events_is_not_passed_over(job):
    """An event may still commit below them: the reader waits, and then gets all."""
    for number in range(5):
        young(job, id=1010 + number)
    shown, after, has_more = events_after(job, 0, 3)
    assert (len(shown), after, has_more) == (3, 0, False)
    young(job, id=1005)
    JobEvent.objects.update(at=timezone.now() - SETTLED_AFTER * 2)
    assert walked(job, 3) == [1005, 1010, 1011, 1012, 1013, 1014]


def test_a_page_that_is_old_in_part_ends_where_it_is_young(job):
    old = [happen(job).pk for _ in range(2)]
    for _ in range(4):
        young(job)
    assert events_after(job, 0, 4)[1:] == (old[-1], True)
    assert events_after(job, old[-1], 3)[1:] == (old[-1], False)
