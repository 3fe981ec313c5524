"""Forced colours: what is chosen, and how far things are, is seen without our colours too."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page

from tests.console import launched_chromium
from tests.dashboard.in_browser import sign_in
from tests.dashboard.rows import describe_local_trainer
from tests.dashboard.wizard_drafts import address, draft
from tests.factories import JobFactory, UserModelFactory

LEAST_SHARE = 0.015
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(params=["light", "dark"])
def page(request, owner, live_server, monkeypatch) -> Iterator[Page]:
    """A page of the owner's with forced colours."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with launched_chromium() as browser:
        options = {"forced_colors": "active", "color_scheme": request.param}
        context = browser.new_context(base_url=live_server.url, **options)
        sign_in(context, owner, live_server.url)
        yield context.new_page()


def colours(element: Locator) -> set[tuple[int, int, int]]:
    """Return the colours of areas and lines where an element stands, outline included; those that
    the smoothing of letters makes cover less."""
    element.scroll_into_view_if_needed()
    box = element.bounding_box()
    assert box
    clip = {"x": box["x"] - 3, "y": box["y"] - 3}
    clip |= {"width": box["width"] + 6, "height": box["height"] + 6}
    picture = Image.open(BytesIO(element.page.screenshot(clip=clip))).convert("RGB")
    least = LEAST_SHARE * picture.width * picture.height
    return {colour for count, colour in picture.getcolors(1 << 24) or [] if count > least}


def at(element: Locator, share: float) -> tuple[int, int, int]:
    """Return the colour in the middle of an element's height, at this share of its width."""
    picture = Image.open(BytesIO(element.screenshot())).convert("RGB")
    pixel = picture.getpixel((int(picture.width * share), picture.height // 2))
    assert isinstance(pixel, tuple)
    return pixel[:3]


def test_a_bar_shows_how_far_it_is(page, owner):
    describe_local_trainer()
    model = UserModelFactory(owner=owner, training=True)
    JobFactory(model=model, running=True, progress=0.5, step=50, total_steps=100)
    page.goto(f"/dashboard/models/{model.pk}")
    bar = page.locator("progress.bar").first
    bar.wait_for()
    assert at(bar, 0.25) != at(bar, 0.75)


def test_the_current_step_differs_from_the_others(page, owner):
    page.goto(address(draft(owner, photos=5), "photos"))
    current = colours(page.locator('.step[aria-current="step"] .step-mark'))
    other = colours(page.locator(".step:not([aria-current], [data-done]) .step-mark").first)
    assert current - other


def test_what_is_chosen_differs_from_the_rest(page, owner):
    page.goto("/dashboard/models/new")
    page.locator("h1").click()  # the focus is elsewhere
    chosen = colours(page.locator(".choice:has(:checked)").first)
    other = colours(page.locator(".choice:not(:has(:checked))").first)
    assert chosen - other


def test_the_open_section_and_the_open_tab_differ_from_the_others(page, owner):
    model = UserModelFactory(owner=owner, ready=True)
    page.goto(f"/dashboard/models/{model.pk}")
    for one, others in (
        (".nav [aria-current]", ".nav a:not([aria-current])"),
        ('[role="tab"][aria-selected="true"]', '[role="tab"][aria-selected="false"]'),
    ):
        assert colours(page.locator(one).first) - colours(page.locator(others).first), one


def test_the_filter_that_is_on_differs_from_the_others(page, owner):
    page.goto("/dashboard/activity")
    chosen = colours(page.locator(".filters [aria-current]"))
    assert chosen - colours(page.locator(".filters a:not([aria-current])").first)
