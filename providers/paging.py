"""Reading a list page by page, only as far back as needed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import pairwise

from providers.types import EVER, Run, RunList

MOST_PAGES = 500  # of a list that never ends


def read_pages(read: Callable[[str], RunList], since: datetime = EVER) -> RunList:
    """Return the runs of all pages down to the one that reaches `since`, newest first.

    `read` takes the name of a page ("" for the first) and returns it. The list is complete back
    to its oldest run, if every page was, and back to the beginning after the last page. A page
    that is named twice would be read forever: the list ends there.
    """
    runs: list[Run] = []
    is_whole, page, names = True, "", {""}
    for _ in range(MOST_PAGES):
        listed = read(page)
        runs += listed.runs
        is_whole = is_whole and listed.complete_since is not None
        page = listed.next_page
        if not page:
            return RunList(tuple(runs), listed.complete_since if is_whole else None)
        oldest = _oldest(listed)
        if page in names or (oldest and oldest < since):
            break
        names.add(page)
    return RunList(tuple(runs), oldest if is_whole else None)


def _oldest(listed: RunList) -> datetime | None:
    """When the oldest run of a page was created; None where a run does not say it, or where they
    are not in order: then older pages may hold newer runs."""
    moments = [run.created_at for run in listed.runs if run.created_at]
    is_ordered = all(newer >= older for newer, older in pairwise(moments))
    is_whole = bool(moments) and len(moments) == len(listed.runs)
    return moments[-1] if is_whole and is_ordered else None
