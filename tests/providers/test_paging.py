"""Lists in pages: read as far back as needed, and complete only as far as they are."""

from datetime import UTC, datetime, timedelta

import pytest

from providers.paging import MOST_PAGES, read_pages
from providers.types import EVER, Run, RunList, RunStatus

NOW = datetime(2026, 5, 1, tzinfo=UTC)
HOURS = [NOW - timedelta(hours=hour) for hour in range(9)]


def run(created_at):
    return Run(f"run-{created_at}", RunStatus.RUNNING, created_at=created_at)


class Pages:
    """Nine runs, one per hour, three on each page."""

    def __init__(self, unreadable: int | None = None, endless: bool = False) -> None:
        self.unreadable, self.endless, self.read = unreadable, endless, 0

    def __call__(self, page: str) -> RunList:
        number = int(page or 0)
        self.read += 1
        since = None if number == self.unreadable else EVER
        runs = tuple(run(moment) for moment in HOURS[number * 3 : number * 3 + 3])
        is_last = number == 2 and not self.endless
        return RunList(runs, since, "" if is_last else str(min(number + 1, 2)))


def test_all_pages_are_complete_from_the_beginning():
    pages = Pages()
    listed = read_pages(pages)
    assert (len(listed.runs), pages.read) == (9, 3)
    assert listed.covers(EVER)


@pytest.mark.parametrize(("hours", "count"), [(1, 1), (2, 2), (4, 2), (5, 3)])
def test_no_page_is_read_that_is_older_than_needed(hours, count):
    pages = Pages()
    since = NOW - timedelta(hours=hours)
    listed = read_pages(pages, since)
    assert pages.read == count
    assert listed.covers(since)
    assert listed.covers(EVER) == (count == 3)


def test_a_page_with_an_unreadable_run_proves_nothing():
    assert read_pages(Pages(unreadable=1)).complete_since is None
    assert read_pages(Pages(unreadable=2), NOW - timedelta(hours=1)).complete_since == HOURS[2]


def test_a_page_that_names_itself_as_the_next_one_ends_the_list():
    pages = Pages(endless=True)
    listed = read_pages(pages)
    assert pages.read == 3
    assert listed.complete_since == HOURS[8]
    assert not listed.covers(EVER)


def test_pages_without_an_end_are_given_up_and_cover_what_was_read():
    read = []

    def endless(page: str) -> RunList:
        read.append(page)
        return RunList((run(NOW - timedelta(hours=len(read))),), EVER, f"after {len(read)}")

    listed = read_pages(endless)
    assert len(read) == MOST_PAGES
    assert listed.complete_since == NOW - timedelta(hours=MOST_PAGES)


def test_five_thousand_runs_in_pages_of_a_hundred_are_no_wall():
    moments = [NOW - timedelta(minutes=minute) for minute in range(20_000)]

    def read(page: str) -> RunList:
        start = int(page or 0)
        runs = tuple(run(moment) for moment in moments[start : start + 100])
        return RunList(runs, EVER, str(start + 100) if start + 100 < len(moments) else "")

    assert len(read_pages(read).runs) == 20_000
    assert len(read_pages(read, moments[5_050]).runs) == 5_100


def test_runs_without_a_time_do_not_say_how_far_a_list_reaches():
    listed = read_pages(lambda page: RunList((Run("run-1", RunStatus.RUNNING),), EVER, "next"))
    assert listed.complete_since is None


@pytest.mark.parametrize("order", [(1, 0, 2), (2, 1, 0)])
def test_a_page_out_of_order_does_not_say_how_far_back_it_reaches(order):
    runs = tuple(Run(f"run-{n}", RunStatus.RUNNING, created_at=HOURS[n]) for n in order)
    pages = {"": RunList(runs, EVER, "2"), "2": RunList((), None)}
    assert read_pages(pages.__getitem__, HOURS[1]).complete_since is None


def test_contradicting_entries_about_one_run_are_not_believed():
    listed = RunList(
        (
            Run("run-1", RunStatus.CANCELLED, correlation="tw-1"),
            Run("run-1", RunStatus.SUCCEEDED, correlation="tw-1"),
            Run("run-2", RunStatus.RUNNING),
            Run("run-2", RunStatus.RUNNING),
        )
    )
    assert list(listed.by_id) == ["run-2"]


@pytest.mark.parametrize("hopeful", [RunStatus.SUCCEEDED, RunStatus.RUNNING, RunStatus.UNKNOWN])
@pytest.mark.parametrize("ended", [RunStatus.FAILED, RunStatus.CANCELLED])
def test_of_two_runs_with_one_token_the_one_that_delivers_is_found(hopeful, ended):
    runs = [Run("over", ended, "tw-1"), Run("hopeful", hopeful, "tw-1"), Run("x", hopeful, "tw-2")]
    for order in (runs, runs[::-1]):
        assert RunList(tuple(order)).find("tw-1").id == "hopeful"
    assert RunList(tuple(runs)).find("tw-3") is None


@pytest.mark.parametrize("carried", ["tw-0123456789", "TW-0123456789ABCDEF", "tw-01234"])
def test_a_token_that_may_have_been_changed_on_its_way_hints_at_it(carried):
    assert RunList((Run("1", RunStatus.RUNNING, carried),)).hints_at("tw-0123456789abcdef")


@pytest.mark.parametrize("carried", ["", "tw-", "tw-0123456789abcdee", "ann"])
def test_other_names_do_not(carried):
    assert not RunList((Run("1", RunStatus.RUNNING, carried),)).hints_at("tw-0123456789abcdef")
