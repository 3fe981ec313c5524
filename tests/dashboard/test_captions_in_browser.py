"""Captions as they are typed: on to the next with Enter, told when saved, advice at once."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from models_app.models import UserModel
from tests.dashboard.in_browser import open_photo, sign_in
from tests.dashboard.test_wizard_captions import captioned, captions_address, captions_of
from tests.dashboard.wizard_drafts import address

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("step", ["photos", "captions"])
def test_enter_goes_to_the_next_caption_and_each_says_when_it_is_saved(page: Page, owner, step):
    model = captioned(owner, "", "", "")
    page.goto(address(model, "photos") if step == "photos" else captions_address(model))
    fields = page.locator("[data-caption]")
    if step == "photos":
        open_photo(page, model.photos.first())
    fields.first.focus()
    page.keyboard.type("ann_k7 at home")
    page.keyboard.press("Enter")
    expect(fields.nth(1)).to_be_focused()
    expect(page.locator("[data-caption-state]").first).to_have_text("Saved")
    page.keyboard.type("blue eyes")
    expect(page.locator("#caption-notes")).to_contain_text("“blue eyes”")
    page.keyboard.press("Shift+Enter")
    expect(fields.first).to_be_focused()
    assert captions_of(model) == ["ann_k7 at home", "blue eyes", ""]


def test_what_is_left_of_a_caption_is_said_near_its_end(page: Page, owner):
    page.goto(captions_address(captioned(owner, "x" * 440)))
    page.locator("[data-caption]").press_sequentially("y")
    expect(page.locator("[data-caption-state]")).to_contain_text("59 characters left")


def change_all(page: Page, model: UserModel) -> None:
    """Put words in front of every caption, as a person does."""
    page.goto(captions_address(model))
    page.locator("#change summary").click()
    page.get_by_label("Words").fill("photo of ann_k7")
    page.get_by_role("button", name="Show what would change").click()
    expect(page.locator(".caption-edits li")).to_have_count(2)
    page.get_by_role("button", name="Change 2 captions").click()
    expect(page.get_by_text("2 captions were changed.")).to_be_visible()
    assert captions_of(model) == ["photo of ann_k7, at home", "photo of ann_k7, outside"]
    page.reload()
    page.get_by_role("button", name="Undo the last change").click()
    expect(page.get_by_text("2 captions are as they were before.")).to_be_visible()
    assert captions_of(model) == ["at home", "outside"]


def test_a_change_of_all_is_shown_applied_and_undone(page: Page, owner):
    change_all(page, captioned(owner, "at home", "outside"))


def test_the_same_without_a_script_and_on_a_phone(chromium: Browser, live_server, owner):
    context = chromium.new_context(
        base_url=live_server.url,
        java_script_enabled=False,
        viewport={"width": 390, "height": 844},
    )
    sign_in(context, owner, live_server.url)
    page = context.new_page()
    model = captioned(owner, "at home", "outside")
    change_all(page, model)
    page.locator("[data-caption]").first.fill("typed")
    page.get_by_role("button", name="Continue").click()
    assert captions_of(model) == ["typed", "outside"]
    context.close()


@pytest.mark.parametrize("width", [320, 1280])
def test_nothing_scrolls_sideways(page: Page, owner, width):
    model = captioned(owner, "w" * 400, "ann_k7 with brown hair " * 10)
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(captions_address(model))
    page.locator("#change summary").click()
    page.get_by_label("Words").fill("photo")
    page.get_by_role("button", name="Show what would change").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
