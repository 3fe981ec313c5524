"""Every page in every hand: small and large screens, large letters, fingers, unwelcome motion.

Each test opens all pages under one condition and collects what is wrong with each, so that a page
that is added tomorrow is tried too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pprint import pformat
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.console import launched_chromium
from tests.every_page.conftest import sign_in
from tests.every_page.looking import (
    ANIMATED,
    HEADINGS,
    MOVED,
    SIDEWAYS,
    SMALL_TARGETS,
    SPLIT_WORDS,
    WATCH,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE = {"width": 320, "height": 640}
DESK = {"width": 1440, "height": 900}
LARGE_LETTERS = "--blink-settings=defaultFontSize=32,defaultFixedFontSize=26"
NOWHERE = "/nowhere"


@contextmanager
def browsing(world, url: str, *arguments: str, **options: Any) -> Iterator[Page]:
    """A page of the owner's in a browser with these arguments and options."""
    with launched_chromium(*arguments) as browser:
        context = browser.new_context(base_url=url, **options)
        context.add_init_script(WATCH)
        sign_in(context, world, url)
        yield context.new_page()


def assert_nothing_wrong(page: Page, addresses: list[str], *scripts: str) -> None:
    """Open each page and fail with all that the scripts find, by address."""
    found = {}
    for address in addresses:
        page.goto(address)
        page.wait_for_load_state()
        if wrong := [one for one in map(page.evaluate, scripts) if one]:
            found[address] = wrong
    if found:
        pytest.fail(pformat(found, width=150), pytrace=False)


def test_the_list_holds_the_pages_that_there_are(owners_pages, open_pages):
    assert len(owners_pages) > 25
    assert {"/dashboard/", "/dashboard/models", "/account/"} <= set(owners_pages)
    assert {"/", "/accounts/login/", "/accounts/signup/"} <= set(open_pages)


def test_pages_fit_the_smallest_phone_and_a_finger(world, owners_pages, live_server):
    with browsing(world, live_server.url, viewport=PHONE, has_touch=True) as page:
        scripts = (MOVED, HEADINGS, SIDEWAYS, SPLIT_WORDS, SMALL_TARGETS)  # the last one scrolls
        assert_nothing_wrong(page, [*owners_pages, NOWHERE], *scripts)


def test_pages_before_signing_in_do_too(world, open_pages, live_server):
    with browsing(world, live_server.url, viewport=PHONE, has_touch=True) as page:
        page.context.clear_cookies()
        scripts = (MOVED, HEADINGS, SIDEWAYS, SPLIT_WORDS, SMALL_TARGETS)
        assert_nothing_wrong(page, [*open_pages, NOWHERE], *scripts)


def test_letters_of_twice_the_size_fit_the_smallest_phone(world, owners_pages, live_server):
    with browsing(world, live_server.url, LARGE_LETTERS, viewport=PHONE) as page:
        assert_nothing_wrong(page, owners_pages, SIDEWAYS, SPLIT_WORDS)


def test_letters_of_twice_the_size_fit_it_before_signing_in(world, open_pages, live_server):
    with browsing(world, live_server.url, LARGE_LETTERS, viewport=PHONE) as page:
        page.context.clear_cookies()
        assert_nothing_wrong(page, open_pages, SIDEWAYS, SPLIT_WORDS)


def test_nothing_moves_on_a_desk(world, owners_pages, live_server):
    options = {"viewport": DESK, "reduced_motion": "reduce"}
    with browsing(world, live_server.url, **options) as page:
        assert_nothing_wrong(page, owners_pages, MOVED, ANIMATED)
