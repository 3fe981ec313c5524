"""Several files on their way at once, in Chromium: bars, tabs, and leaving the page."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from tests.dashboard.in_browser import image
from tests.dashboard.wizard_drafts import address, draft
from tests.models_app.zips import archive

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WOULD_ASK = """() => {
  const leaving = new Event("beforeunload", { cancelable: true });
  window.dispatchEvent(leaving);
  return leaving.defaultPrevented;
}"""


def large(colour: str) -> dict[str, object]:
    """A photo of 6 MB, which travels in parts."""
    target = io.BytesIO()
    Image.new("RGB", (1500, 1333), colour).save(target, "BMP")
    return {"name": f"{colour}.bmp", "mimeType": "image/bmp", "buffer": target.getvalue()}


# Whether the browser has written down so many files.
KEEPS = """count => new Promise((resolve) => {
  const opening = indexedDB.open("theway-uploads");
  opening.onsuccess = () => {
    const store = opening.result.transaction("files").objectStore("files");
    store.count().onsuccess = ({ target }) => {
      opening.result.close();
      resolve(target.result === count);
    };
  };
})"""


def hold(page: Page, address: str) -> list[Route]:
    held: list[Route] = []
    page.route(address, lambda route: held.append(route))
    return held


def test_every_file_has_a_bar_with_its_name_and_all_have_one(page, owner):
    page.goto(address(draft(owner), "photos"))
    held = hold(page, "**/photos/upload")
    page.set_input_files("#photos", [image(f"{one}.jpg", one) for one in ("red", "green", "blue")])
    for name in ("red", "green", "blue"):
        expect(page.get_by_role("progressbar", name=f"{name}.jpg")).to_be_visible()
    expect(page.get_by_role("progressbar", name="Progress of all files")).to_be_visible()
    expect(page.locator("#upload-total")).to_contain_text("0 of 3 files")
    with page.expect_response("**/photos/upload"):
        held[0].continue_()
    expect(page.locator("#upload-total")).to_contain_text("1 of 3 files")
    for route in held[1:]:
        route.continue_()
    expect(page.locator("#upload-total")).to_be_hidden()
    expect(page.locator("#photo-grid .photo-card")).to_have_count(3)


def test_leaving_is_asked_about_only_while_something_is_sent(page, owner):
    page.goto(address(draft(owner), "photos"))
    expect(page.locator("#drop-zone")).to_have_attribute("data-ready", "")
    assert not page.evaluate(WOULD_ASK)
    held = hold(page, "**/photos/upload")
    page.set_input_files("#photos", [image("red.jpg", "red")])
    page.wait_for_function(WOULD_ASK)
    held[0].continue_()
    expect(page.locator("#photo-grid .photo-card")).to_have_count(1)
    assert not page.evaluate(WOULD_ASK)


@pytest.mark.console_errors("status of 409")  # where the closed tab's last part still arrived
def test_a_second_tab_goes_on_once_the_first_is_closed(page, visit, owner):
    model = draft(owner)
    page.goto(address(model, "photos"))
    held = hold(page, "**/parts/*")
    page.set_input_files("#photos", [large("teal")])
    page.wait_for_function("document.querySelector('.upload-card[data-state=sending]') !== null")
    while not held:
        page.wait_for_timeout(50)
    other = visit.new_page()
    other.goto(address(model, "photos"))
    expect(other.locator("#drop-zone")).to_have_attribute("data-ready", "")
    expect(other.locator(".upload-card")).to_have_count(0)
    page.close()
    expect(other.locator("#photo-grid .photo-card")).to_have_count(1)
    assert model.photos.count() == 1
    assert not model.partial_uploads.filter(photo=None).exists()


# What reached the server before its page went is there already when it comes again.
@pytest.mark.console_errors("status of 422")
def test_what_was_still_waiting_goes_on_in_its_order_after_a_reload(page, owner):
    model = draft(owner)
    page.goto(address(model, "photos"))
    hold(page, "**/photos/upload")
    colours = ["red", "green", "blue", "gold", "gray"]
    page.set_input_files("#photos", [image(f"{one}.jpg", one) for one in colours])
    expect(page.locator(".upload-card")).to_have_count(5)
    page.wait_for_function(KEEPS, arg=5)
    page.goto("about:blank")
    page.unroute_all(behavior="ignoreErrors")
    page.goto(address(model, "photos"))
    expect(page.locator("#photo-grid .photo-card")).to_have_count(5)
    names = [photo.original_filename for photo in model.photos.all()]
    assert names == [f"{one}.jpg" for one in colours]


def test_a_large_archive_in_parts_is_told_of_file_by_file(page, owner):
    model = draft(owner)
    page.goto(address(model, "photos"))
    data = archive(("a.bmp", large("teal")["buffer"]), ("b.bmp", large("navy")["buffer"]))
    sent = {"name": "holiday.zip", "mimeType": "application/zip", "buffer": data}
    page.set_input_files("#archive", sent)
    expect(page.locator("#photo-grid .photo-card")).to_have_count(2)
    expect(page.locator("#upload-results")).to_contain_text("2 of 2 files taken.")
    assert not model.partial_uploads.exists()


@pytest.mark.console_errors("status of 422")
def test_a_large_file_that_is_refused_says_why_and_blocks_nothing(page, owner):
    model = draft(owner, photos=5)
    page.goto(address(model, "photos"))
    bad = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"no photo" * 700_000}
    page.set_input_files("#photos", [bad])
    expect(page.locator(".trouble-refused li")).to_contain_text("not a photo")
    assert not model.partial_uploads.exists()
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/training")


@pytest.mark.console_errors("status of 405")
def test_where_a_proxy_lets_no_part_pass_a_file_goes_in_one_request(page, owner):
    model = draft(owner)
    page.goto(address(model, "photos"))
    refuse = lambda route: route.fulfill(status=405, body="no")  # noqa: E731
    page.route("**/parts/*", refuse)
    page.set_input_files("#photos", [large("teal")])
    expect(page.locator("#photo-grid .photo-card")).to_have_count(1)
