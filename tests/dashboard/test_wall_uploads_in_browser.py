"""Files on their way to the wall of photos: their places, what is said of them, what goes wrong."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Route, expect

from tests.dashboard.in_browser import image, wall_of
from tests.dashboard.wizard_drafts import draft

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
UPLOAD = "**/photos/upload"
COLOURS = ("red", "green", "blue", "gold", "navy", "teal", "olive", "pink", "gray", "plum")
PLACES = """() => [...document.querySelectorAll(".photo-frame, .photos-foot")].map(
  (one) => one.getBoundingClientRect().top
)"""
# Every text that a region says, one after the other.
LISTEN = """() => {
  window.said = [];
  const status = document.getElementById("upload-status");
  const note = () => window.said.push(status.textContent);
  new MutationObserver(note).observe(status, { childList: true });
}"""


def test_a_chosen_file_is_at_once_where_and_as_large_as_its_photo_will_be(page, owner):
    model = draft(owner, photos=2)
    wall_of(page, model)
    held: list[Route] = []
    page.route(UPLOAD, lambda route: held.append(route))
    page.set_input_files("#photos", [image(f"{one}.jpg", one) for one in COLOURS[:3]])
    tiles = page.locator("#photo-grid > li .photo-frame")
    expect(tiles).to_have_count(5)
    before = [one.bounding_box() for one in tiles.all()]
    assert len({round(box[side]) for box in before for side in ("width", "height")}) == 1
    expect(page.locator("#photo-count")).to_have_text("2 photos3 uploading")
    while len(held) < 3:
        page.wait_for_timeout(20)  # lets the browser's messages in
    for route in held:
        route.continue_()
    expect(page.locator("#photo-grid > .photo-card")).to_have_count(5)
    assert [one.bounding_box() for one in tiles.all()] == before
    expect(page.locator("#photo-count")).to_have_text("5 photos")


@pytest.mark.console_errors("status of")
def test_all_that_failed_is_sent_again_with_one_button(page, owner):
    model = draft(owner)
    wall_of(page, model)
    broken = {"status": 409, "body": '{"message": "Not now."}', "content_type": "application/json"}
    headers = {"X-Answered-By": "theway"}
    page.route(UPLOAD, lambda route: route.fulfill(headers=headers, **broken))
    page.set_input_files("#photos", [image(f"{one}.jpg", one) for one in COLOURS[:3]])
    trouble = page.locator(".trouble-failed")
    expect(trouble).to_contain_text("3 photos could not be sent. Not now.")
    page.unroute(UPLOAD)
    trouble.get_by_role("button", name="Send all again").click()
    expect(page.locator("#photo-grid > .photo-card")).to_have_count(3)
    expect(page.locator("#upload-trouble")).to_be_hidden()
    expect(page.get_by_role("button", name="Continue")).to_be_focused()


@pytest.mark.console_errors("ERR_FAILED")
@pytest.mark.parametrize("sign", ["online", "another"])
def test_what_was_given_up_for_want_of_a_connection_goes_on_with_one(page, owner, sign):
    page.clock.install()
    wall_of(page, draft(owner))
    page.route(UPLOAD, lambda route: route.abort())
    page.set_input_files("#photos", image("red.jpg", "red"))
    failed = page.locator('.upload-card[data-state="failed"]')
    while failed.count() == 0:
        page.clock.fast_forward(40_000)  # longer than any pause
        page.wait_for_timeout(20)  # lets the browser's messages in
    page.unroute(UPLOAD)
    if sign == "online":
        page.evaluate("dispatchEvent(new Event('online'))")
        expect(page.locator("#photo-grid > .photo-card")).to_have_count(1)
    else:
        page.set_input_files("#photos", image("blue.jpg", "blue"))
        expect(page.locator("#photo-grid > .photo-card")).to_have_count(2)
    expect(page.locator(".upload-card")).to_have_count(0)


@pytest.mark.console_errors("status of 422")
def test_uploads_are_told_of_in_few_words_and_what_failed_stays_said(page, owner):
    wall_of(page, draft(owner))
    page.evaluate(LISTEN)
    bad = {"name": "note.jpg", "mimeType": "image/jpeg", "buffer": b"no photo"}
    photos = [image(f"{one}.jpg", one) for one in COLOURS]
    page.set_input_files("#photos", [photos[0], bad, *photos[1:]])
    expect(page.locator("#photo-grid > .photo-card")).to_have_count(len(COLOURS))
    status = page.locator("#upload-status")
    told = re.compile(
        r"10 photos uploaded\. 1 file was not taken: .note\.jpg., This is not a photo"
    )
    expect(status).to_have_text(told)
    said = page.evaluate("window.said")
    assert said[0].startswith("Uploading 1")
    assert len(said) <= 4
    page.set_input_files("#photos", image("white.jpg", "white"))
    expect(status).to_contain_text("1 photo uploaded. 1 file was not taken:")


def test_a_list_of_refused_files_moves_nothing(page, owner):
    wall_of(page, draft(owner, photos=5))
    before = page.evaluate(PLACES)
    film = {"name": "film.mp4", "mimeType": "video/mp4", "buffer": b"0"}
    page.set_input_files("#photos", [film, film])
    expect(page.locator(".trouble-refused li").first).to_contain_text("film.mp4")
    assert page.evaluate(PLACES) == before


@pytest.mark.console_errors("status of 422")
def test_too_few_photos_are_said_beside_the_way_on(page, owner):
    wall_of(page, draft(owner, photos=2))
    page.get_by_role("button", name="Continue").click()
    problem = page.locator("#foot #problems")
    expect(problem).to_be_focused()
    expect(problem).to_contain_text("2 more photos")
    problem.get_by_text("Add photos").click()
    expect(page.get_by_role("button", name="Choose photos")).to_be_focused()
    page.set_input_files("#photos", image("red.jpg", "red"))
    expect(problem).to_be_hidden()
