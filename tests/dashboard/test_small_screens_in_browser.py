"""What belongs together stays together on a phone, also with large letters; and what has the focus
is never below something else."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Locator, Page, expect

from providers.catalog import FLUX1_DEV
from tests.console import launched_chromium
from tests.dashboard.in_browser import sign_in
from tests.dashboard.rows import describe_local_trainer
from tests.dashboard.wizard_drafts import TRAINING, address, draft
from tests.every_page.test_every_page import LARGE_LETTERS
from tests.factories import JobFactory, TrainingImageFactory, UserModelFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE = {"width": 390, "height": 700}
SMALL_PHONE = {"width": 320, "height": 640}
# Whether a point in the middle of what has the focus belongs to it.
IS_SEEN = """() => {
  const focused = document.activeElement;
  const { left, top, width, height } = focused.getBoundingClientRect();
  const hit = document.elementFromPoint(left + width / 2, top + height / 2);
  return focused === hit || focused.contains(hit);
}"""
# Whether the words of every fold begin beside its mark.
IS_BESIDE = """() => {
  const left = (one) => one.getBoundingClientRect().left;
  const folds = [...document.querySelectorAll(".fold > summary")];
  return folds.every((fold) => left(fold.firstElementChild) > left(fold) + 30);
}"""


def box(one: Locator) -> dict[str, float]:
    found = one.bounding_box()
    assert found is not None
    return dict(found)


def stand_in_a_line(*all_: Locator) -> bool:
    boxes = [box(one) for one in all_]
    return max(one["y"] for one in boxes) < min(one["y"] + one["height"] for one in boxes)


def covered(page: Page, presses: int = 40) -> list[str]:
    """Go through the page by Tab; return what has the focus where something else lies over it."""
    found = []
    for _ in range(presses):
        page.keyboard.press("Tab")
        # what asks for a click is hidden behind its label: radio buttons and ticks
        if page.evaluate("document.activeElement.matches('body, input')"):
            continue
        if not page.evaluate(IS_SEEN):
            found.append(str(page.evaluate("document.activeElement.textContent.trim()")))
    return found


@pytest.mark.parametrize("size", [PHONE, SMALL_PHONE], ids=["390", "320"])
def test_back_and_continue_share_a_line_before_and_after_saving(page, owner, size):
    page.set_viewport_size(size)
    page.goto(address(draft(owner, kind="product"), "about"))
    foot = page.locator(".wizard-foot")
    buttons = (
        foot.get_by_role("button", name="My models"),
        foot.get_by_role("button", name="Continue"),
    )
    assert stand_in_a_line(*buttons)
    before = round(box(foot)["height"])
    page.get_by_label("Description").fill("blue")
    page.get_by_label("Name", exact=True).focus()
    expect(page.locator("#saved")).to_have_text("Saved")
    assert stand_in_a_line(*buttons)
    assert round(box(foot)["height"]) == before


def test_the_tabs_of_a_model_share_a_line_on_a_phone(page, owner):
    page.set_viewport_size(PHONE)
    model = UserModelFactory(owner=owner, training=True)
    TrainingImageFactory.create_batch(12, model=model)
    JobFactory(model=model, running=True)
    page.goto(reverse("dashboard:model", args=[model.pk]))
    tabs = page.get_by_role("tab")
    expect(tabs).to_have_count(4)
    assert stand_in_a_line(*tabs.all())


def test_on_a_phone_advice_comes_before_deleting_the_draft(page, owner):
    page.set_viewport_size(PHONE)
    page.goto(address(draft(owner), "about"))
    advice = box(page.get_by_role("heading", name="Who sees your photos"))
    assert box(page.get_by_role("link", name="Delete draft"))["y"] > advice["y"]


def test_a_name_is_read_on_its_card_with_letters_of_twice_the_size(live_server, owner, monkeypatch):
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    UserModelFactory(owner=owner, ready=True, name="Blue mug")
    with launched_chromium(LARGE_LETTERS) as browser:
        context = browser.new_context(base_url=live_server.url, viewport=SMALL_PHONE)
        sign_in(context, owner, live_server.url)
        page = context.new_page()
        page.goto(reverse("dashboard:models"))
        name = page.get_by_role("heading", name="Blue mug")
        is_whole = "name => name.scrollWidth <= name.clientWidth + 1 && name.clientWidth > 100"
        assert name.evaluate(is_whole)


def test_the_mark_of_a_call_of_the_api_stands_beside_its_words(page):
    page.set_viewport_size(SMALL_PHONE)
    page.goto("/api/docs")
    assert page.evaluate(IS_BESIDE)


@pytest.mark.parametrize("step", ["training", "review"])
def test_the_price_never_covers_what_has_the_focus(page, owner, step):
    describe_local_trainer()
    page.set_viewport_size(PHONE)
    chosen = {"base_model": FLUX1_DEV, "provider": "local", "preset": TRAINING["preset"]}
    page.goto(address(draft(owner, photos=5, kind="product", **chosen), step))
    assert covered(page) == []


def test_the_menu_closes_when_the_focus_goes_on(page, owner):
    UserModelFactory(owner=owner)
    page.goto(reverse("dashboard:models"))
    menu = page.locator("details[data-menu]")
    menu.locator("summary").press("Enter")
    expect(menu).to_have_attribute("open", "")
    for _ in range(3):
        page.keyboard.press("Tab")
    expect(menu.get_by_role("button", name="Sign out")).to_be_focused()
    page.keyboard.press("Tab")
    expect(menu).not_to_have_attribute("open", "")
    expect(page.get_by_role("link", name="Create model")).to_be_focused()
