"""Whatever is pressed: the keyboard goes on where it led, never at the top of the page."""

from __future__ import annotations

from contextlib import suppress
from pprint import pformat

import pytest
from playwright.sync_api import Page, TimeoutError

from tests.every_page.test_every_page import DESK, browsing
from theway.processes.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Buttons that send a form and bring a page. What scripts do in place has tests of its own.
IN_PLACE = "[data-acts], [data-crop], [data-suggest], [data-opens], [hx-post] *, dialog *"
BUTTONS = "main button[type=submit]:enabled, main button[form]:enabled"
# Those lead to pages that begin anew: of somebody who is signed out, or of the list of models.
ELSEWHERE = ("/accounts/logout/", "/phone/", "/dashboard/data")
BEGINS_ANEW = {"My models"}
MOST_BUTTONS = 12  # of a page that repeats them for each row


def pressed(page: Page, address: str, number: int) -> str | None:
    """Press the button of this number by its key; return what it is where the focus is lost."""
    page.goto(address)
    page.wait_for_load_state()
    buttons = page.locator(BUTTONS)
    if buttons.count() <= number:
        return None  # an earlier one has changed the page
    button = buttons.nth(number)
    name = button.text_content() or ""
    if not button.is_visible() or name.strip() in BEGINS_ANEW:
        return None
    if button.evaluate(f"button => button.matches('.visually-hidden, {IN_PLACE}')"):
        return None
    button.focus()
    # What holds a form back, or a passkey that nobody has, leaves one where one is.
    with suppress(TimeoutError), page.expect_navigation(timeout=3000):
        page.keyboard.press("Enter")
    page.wait_for_load_state()
    is_kept = "document.activeElement !== document.body"
    if wait_until(lambda: page.wait_for_timeout(20) or page.evaluate(is_kept), 3):
        return None
    return f"{name.strip()} leads to {page.url}"


def test_no_button_loses_the_focus(world, owners_pages, live_server):
    lost: dict[str, list[str]] = {}
    with browsing(world, live_server.url, viewport=DESK) as page:
        for address in (one for one in owners_pages if not one.startswith(ELSEWHERE)):
            page.goto(address)
            count = min(page.locator(BUTTONS).count(), MOST_BUTTONS)
            if found := [one for at in range(count) if (one := pressed(page, address, at))]:
                lost[address] = found
    if lost:
        pytest.fail(pformat(lost, width=150), pytrace=False)
