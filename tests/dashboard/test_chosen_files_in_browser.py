"""What browsers give of files that a person chose: some cannot be read, some are not meant."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.dashboard.in_browser import image
from tests.dashboard.wizard_drafts import address, draft
from tests.factories import jpeg

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASTE = """(field, [text, bytes]) => {
  const clipboardData = new DataTransfer();
  if (text) clipboardData.setData("text/plain", text);
  clipboardData.items.add(new File([new Uint8Array(bytes)], "image.png", { type: "image/jpeg" }));
  field.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
}"""

DRAG = """(place, [kind, type]) => {
  const dataTransfer = new DataTransfer();
  dataTransfer.setData(type, "https://pictures.example/a.jpg");
  const event = new DragEvent(kind, { dataTransfer, bubbles: true, cancelable: true });
  return !place.dispatchEvent(event);
}"""


def drop(page: Page, *paths: Path) -> None:
    expect(page.locator("#drop-zone")).to_have_attribute("data-ready", "")
    box = page.locator("#drop-zone").bounding_box()
    browser = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        event = {"type": kind, "x": box["x"] + 20, "y": box["y"] + 20, "data": data}
        browser.send("Input.dispatchDragEvent", event)


@pytest.mark.console_errors("ERR_INTERNET_DISCONNECTED", "ERR_UPLOAD_FILE_CHANGED")
def test_a_file_that_changed_after_it_was_chosen_is_to_be_chosen_again(page, owner, tmp_path):
    model = draft(owner)
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg(colour="red"))
    page.goto(address(model, "photos"))
    page.context.set_offline(True)
    page.set_input_files("#photos", path)
    expect(page.locator(".upload-card [data-note]")).to_contain_text("No connection")
    path.write_bytes(jpeg(colour="navy") + b"edited")
    os.utime(path, (1, 1))
    page.context.set_offline(False)
    refused = page.locator(".trouble-refused li")
    expect(refused).to_contain_text("This file cannot be read")
    assert model.photos.count() == 0


def test_a_file_of_a_folder_that_cannot_be_read_stops_no_other(page, owner, tmp_path):
    model = draft(owner)
    folder = tmp_path / "holiday"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(jpeg(colour="red"))
    (folder / "b.jpg").symlink_to(tmp_path / "away.jpg")
    (folder / "c.jpg").write_bytes(jpeg(colour="navy"))
    page.goto(address(model, "photos"))
    drop(page, folder)
    expect(page.locator("#photo-grid .photo-card")).to_have_count(2)
    expect(page.locator(".upload-results")).to_have_attribute("data-state", "done")
    assert [one.original_filename for one in model.photos.all()] == ["a.jpg", "c.jpg"]


def test_a_text_pasted_into_a_caption_uploads_no_picture_of_it(page, owner):
    model = draft(owner, photos=1)
    page.goto(address(model, "photos"))
    expect(page.locator("#drop-zone")).to_have_attribute("data-ready", "")
    field = page.locator("[data-caption]").first
    field.evaluate(PASTE, ["a mug", list(jpeg(colour="red"))])
    expect(page.locator(".upload-card")).to_have_count(0)
    # A picture alone is meant wherever the cursor is.
    field.evaluate(PASTE, ["", list(jpeg(colour="navy"))])
    expect(page.locator("#photo-grid .photo-card")).to_have_count(2)
    assert model.photos.count() == 2


def test_a_picture_dragged_from_a_page_neither_replaces_this_one_nor_goes_without_a_word(
    page, owner
):
    page.goto(address(draft(owner, photos=1), "photos"))
    zone, field = page.locator("#drop-zone"), page.locator("[data-caption]").first
    expect(zone).to_have_attribute("data-ready", "")
    assert zone.evaluate(DRAG, ["dragover", "text/uri-list"])
    assert zone.evaluate(DRAG, ["drop", "text/uri-list"])
    expect(page.locator("#saved")).to_contain_text("No file came along.")
    # Words may be dragged into a field, and around the page, as ever.
    assert not field.evaluate(DRAG, ["drop", "text/uri-list"])
    assert not zone.evaluate(DRAG, ["drop", "text/plain"])


def test_names_with_marks_of_addresses_and_without_an_ending_are_kept(page, owner):
    model = draft(owner)
    page.goto(address(model, "photos"))
    page.set_input_files("#photos", [image("100%25 #1?&.jpg", "red"), image("image", "navy")])
    expect(page.locator("#photo-grid .photo-card")).to_have_count(2)
    names = {one.original_filename for one in model.photos.all()}
    assert names == {"100%25 #1?&.jpg", "image"}


def test_of_two_captions_for_a_photo_in_a_dropped_folder_the_first_is_its_own(
    page, owner, tmp_path
):
    model = draft(owner)
    folder = tmp_path / "holiday"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(jpeg(colour="red"))
    (folder / "a.caption").write_text("at the beach")
    (folder / "A.TXT").write_text("in the woods")
    page.goto(address(model, "photos"))
    drop(page, folder)
    expect(page.locator("#photo-grid .photo-card")).to_have_count(1)
    results = page.locator(".upload-results")
    expect(results).to_have_attribute("data-state", "done")
    expect(results).to_contain_text("1 of 2 files taken.")
    expect(results).to_contain_text("There is another caption of the same name.")
    assert model.photos.get().caption == "at the beach"
