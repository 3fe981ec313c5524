"""A person's whole journey in Chromium, on an installation of real processes."""

from __future__ import annotations

import base64
import re
import sqlite3
import time
from contextlib import closing

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.factories import jpeg
from tests.theway.launched import Launched

pytestmark = [pytest.mark.browser, pytest.mark.service]
COLOURS = ("teal", "navy", "olive", "maroon", "purple")
PASSWORD = "correct horse battery staple"

# Files arrive as from another window: a drop event that carries them.
DROP = """([zone, files]) => {
  const transfer = new DataTransfer();
  for (const [name, content] of files) {
    const bytes = Uint8Array.from(atob(content), (char) => char.charCodeAt(0));
    transfer.items.add(new File([bytes], name, { type: "image/jpeg" }));
  }
  for (const type of ["dragenter", "dragover", "drop"]) {
    const event = new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true });
    zone.dispatchEvent(event);
  }
}"""

# How wide the page is, and what stands out at the right of a small phone.
WIDE = """() => [
  document.documentElement.scrollWidth,
  [...document.querySelectorAll("main *")]
    .filter((element) => element.getBoundingClientRect().right > 320)
    .map((element) => `${element.tagName}.${element.className.baseVal ?? element.className}`)
    .slice(0, 8),
]"""


def sign_up(page: Page, email: str) -> None:
    page.goto("/accounts/signup/")
    page.locator("input[name=email]").fill(email)
    page.locator("input[name=password1]").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(page).to_have_url(re.compile("/dashboard/"))


def drop(page: Page) -> None:
    files = [[f"{name}.jpg", base64.b64encode(jpeg(colour=name)).decode()] for name in COLOURS]
    page.wait_for_load_state()  # by then the uploader listens
    zone = page.locator("#drop-zone").element_handle()
    page.evaluate(DROP, [zone, files])
    expect(page.locator("#photo-grid > .photo-card")).to_have_count(len(COLOURS))


def assert_well_made(page: Page) -> None:
    """No serious barrier for anybody, and nothing to scroll sideways on the smallest phone."""
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    serious = [hit["id"] for hit in found if hit["impact"] in {"serious", "critical"}]
    assert serious == [], f"{page.url}: {serious}"
    before = page.viewport_size
    page.set_viewport_size({"width": 320, "height": 640})
    width, wide = page.evaluate(WIDE)
    page.set_viewport_size(before)
    assert width <= 320, f"{page.url} is {width} pixels wide: {wide}"


def click_continue(page: Page) -> None:
    page.locator(".wizard-foot").get_by_role("button", name="Continue").click()


def wait_until_ready(installation: Launched, name: str) -> None:
    """Ask the database, not the site: no page and no stream is open."""
    query = "SELECT status FROM models_app_usermodel WHERE name = ?"
    until = time.monotonic() + 180
    with closing(sqlite3.connect(f"file:{installation.folder}/db.sqlite3?mode=ro", uri=True)) as db:
        while db.execute(query, [name]).fetchone() != ("ready",):
            assert time.monotonic() < until, f"{name} did not become ready"
            time.sleep(0.2)


def test_from_signing_up_to_a_picture_without_a_reload(page):
    sign_up(page, "journey@example.org")
    assert_well_made(page)
    page.goto("/dashboard/models/new")
    page.get_by_label("Name", exact=True).fill("Blue mug")
    page.get_by_role("radio", name="Product").check(force=True)
    page.get_by_label("Trigger word").fill("bluemug_k7")
    assert_well_made(page)
    click_continue(page)

    expect(page).to_have_url(re.compile("/photos$"))
    drop(page)
    assert_well_made(page)
    click_continue(page)

    expect(page).to_have_url(re.compile("/training$"))
    assert_well_made(page)
    click_continue(page)

    expect(page).to_have_url(re.compile("/review$"))
    assert_well_made(page)
    page.get_by_role("button", name="Start training").click()

    expect(page.locator("#live-progress")).to_be_visible()
    page.evaluate("window.neverReloaded = true")
    expect(page.locator("#progress-title")).to_contain_text(re.compile(r"[1-9]\d? %"))
    expect(page).to_have_title(re.compile(r"\d+ %"))
    assert_well_made(page)
    expect(page.get_by_role("button", name="Make pictures")).to_be_visible(timeout=60_000)
    assert page.evaluate("window.neverReloaded") is True
    expect(page.get_by_text("It learns nothing from the photos")).to_be_visible()
    assert_well_made(page)

    page.get_by_label("What should the picture").fill("on a wooden table")
    page.get_by_role("button", name="Make pictures").click()
    expect(page.locator(".image-grid img").first).to_be_visible(timeout=60_000)
    assert_well_made(page)
    page.goto("/dashboard/pictures")
    expect(page.locator(".image-grid img")).to_have_count(1)
    assert_well_made(page)


def test_pages_for_everybody_are_well_made(page):
    for address in ("/", "/accounts/login/", "/accounts/signup/"):
        page.goto(address)
        assert_well_made(page)


def start_training(page: Page, name: str, word: str) -> None:
    """From the empty wizard to the page of a model that is being trained."""
    page.goto("/dashboard/models/new")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("radio", name="Style").check(force=True)
    page.get_by_label("Trigger word").fill(word)
    click_continue(page)
    expect(page).to_have_url(re.compile("/photos$"))
    drop(page)
    click_continue(page)
    expect(page).to_have_url(re.compile("/training$"))
    click_continue(page)
    expect(page).to_have_url(re.compile("/review$"))
    page.get_by_role("button", name="Start training").click()
    expect(page.locator("#live-progress")).to_be_visible()


def test_a_training_goes_on_while_nobody_looks(page, installation):
    sign_up(page, "absent@example.org")
    start_training(page, "Alone", "alone_k7")
    address = page.url
    page.goto("about:blank")
    wait_until_ready(installation, "Alone")
    page.goto(address)
    expect(page.get_by_role("button", name="Make pictures")).to_be_visible(timeout=5_000)


@pytest.mark.console_errors("status of 429")
def test_a_page_that_is_refused_a_stream_asks_for_news_instead(page):
    page.add_init_script("delete window.SharedWorker")  # whose requests cannot be refused here
    page.route("**/dashboard/events*", lambda route: route.fulfill(status=429, body="Too many."))
    sign_up(page, "many-pages@example.org")
    start_training(page, "Many pages", "many_k7")
    page.evaluate("window.neverReloaded = true")
    expect(page.get_by_role("button", name="Make pictures")).to_be_visible(timeout=60_000)
    assert page.evaluate("window.neverReloaded") is True
