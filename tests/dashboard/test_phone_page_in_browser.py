"""The page on the phone when its connection, its screen or the server fails for a moment."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from dashboard.phone import intake
from models_app import phone_links
from models_app.refusals import refused
from tests.dashboard.in_browser import image
from tests.dashboard.test_phone import page_of
from tests.dashboard.wizard_drafts import draft

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LIBRARY = "input[multiple]"
STORED = '#phone-list [data-state="stored"]'
# A phone whose screen can be kept on, and that tells what was asked of it.
WAKE_LOCK = """
window.asked = [];
const lock = { release: async () => window.asked.push("off") };
const wakeLock = { request: async () => (window.asked.push("on"), lock) };
Object.defineProperty(navigator, "wakeLock", { value: wakeLock });
"""


@pytest.fixture
def model(owner):
    return draft(owner)


@pytest.fixture
def path(model) -> str:
    return page_of(phone_links.token_of(phone_links.issue(model)))


@pytest.mark.console_errors("ERR_FAILED")
def test_a_photo_that_was_cut_off_is_sent_again_by_itself(page, model, path):
    page.goto(path)
    page.route("**/photos", lambda route: route.abort(), times=2)
    page.set_input_files(LIBRARY, [image("a.jpg", "red")])
    expect(page.locator("#phone-list")).to_contain_text("It is sent again by itself.")
    expect(page.locator(STORED)).to_have_count(1)
    expect(page.locator("#phone-done")).to_be_visible()
    assert model.photos.count() == 1


@pytest.mark.console_errors("status of 422")
def test_a_photo_that_comes_while_others_are_checked_is_sent_again(page, model, path, monkeypatch):
    replies = iter([refused("busy")])
    add_photo = intake.add_photo

    def sometimes(*args, **kwargs):
        for refusal in replies:
            raise refusal
        return add_photo(*args, **kwargs)

    monkeypatch.setattr(intake, "add_photo", sometimes)
    page.goto(path)
    page.set_input_files(LIBRARY, [image("a.jpg", "red")])
    expect(page.locator(STORED)).to_have_count(1)
    assert model.photos.count() == 1


def test_the_screen_stays_on_while_photos_are_sent(page, path):
    page.add_init_script(WAKE_LOCK)
    page.goto(path)
    page.set_input_files(LIBRARY, [image("a.jpg", "red"), image("b.jpg", "navy")])
    expect(page.locator(STORED)).to_have_count(2)
    page.wait_for_function("window.asked.at(-1) === 'off'")
    assert page.evaluate("window.asked") == ["on", "off"]


PIXEL = """() => {
  const shown = document.querySelector("#phone-list canvas");
  const pen = new OffscreenCanvas(1, 1).getContext("2d");
  pen.drawImage(shown, 0, 0, 1, 1);
  return [...pen.getImageData(0, 0, 1, 1).data].every((part, at) => Math.abs(part - RED[at]) < 9);
}""".replace("RED", "[255, 0, 0, 255]")


def test_each_photo_is_shown_small(page, path):
    """Fifty as they come would fill the memory of a phone."""
    page.goto(path)
    page.set_input_files(LIBRARY, [image("a.jpg", "red")])
    page.wait_for_function(PIXEL)
    canvas = page.locator("#phone-list canvas")
    assert canvas.evaluate("one => Math.max(one.width, one.height)") <= 320
    box = canvas.bounding_box()
    assert (box["width"], box["height"]) == (64, 64)
