"""Archives and folders on the photos step, as a person gives them to a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from models_app.models import UserModel
from tests.dashboard.in_browser import sign_in
from tests.dashboard.wizard_drafts import address, draft
from tests.factories import jpeg
from tests.models_app.zips import archive

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
COLOURS = ("navy", "gold", "teal")
PHOTOS = {
    f"IMG_{number}.jpg": jpeg(colour=c) for number, c in zip((10, 9, 8), COLOURS, strict=True)
}
MORE = {
    "IMG_9.txt": "ein Café".encode("cp1252"),
    "note.jpg": b"this is no photo at all",
    "Thumbs.db": b"litter",
}


@pytest.fixture
def folder(tmp_path) -> Path:
    place = tmp_path / "holiday"
    (place / "more").mkdir(parents=True)
    for name, data in (PHOTOS | MORE).items():
        (place / "more" / name).write_bytes(data)
    return place


def names_of(model: UserModel) -> list[str]:
    return [photo.original_filename for photo in model.photos.all()]


def lines(page: Page, state: str) -> list[str]:
    found = page.locator(f'.upload-results li[data-state="{state}"] bdi')
    return found.all_text_contents()


def expect_everything(page: Page, model: UserModel) -> None:
    """Three photos were taken, one with its caption; the rest is listed with its reason."""
    expect(page.locator(".upload-results")).to_have_attribute("data-state", "done")
    expect(page.locator(".upload-results summary")).to_have_text("3 of 4 files taken. 1 skipped.")
    expect(page.locator("#photo-grid .photo-card")).to_have_count(3)
    expect(page.locator(".upload-card")).to_have_count(0)
    assert [name.rpartition("/")[2] for name in lines(page, "refused")] == ["note.jpg"]
    assert [name.rpartition("/")[2] for name in lines(page, "skipped")] == ["Thumbs.db"]
    expect(page.locator('.upload-results li[data-state="refused"]')).to_contain_text("not a photo")
    assert model.photos.get(original_filename="IMG_9.jpg").caption == "ein Café"
    shown = page.locator("#photo-grid .photo-name").all_text_contents()
    assert shown == names_of(model)


def test_an_archive_is_taken_in_file_by_file(page, owner, tmp_path):
    model = draft(owner)
    (tmp_path / "holiday.zip").write_bytes(archive(*PHOTOS.items(), *MORE.items()))
    page.goto(address(model, "photos"))
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a ZIP").click()
    chooser.value.set_files(tmp_path / "holiday.zip")
    expect_everything(page, model)
    assert names_of(model) == list(PHOTOS)
    expect(page.locator("#photo-advice h2")).to_contain_text("3 photos")
    page.get_by_role("button", name="Close").click()
    expect(page.locator(".upload-results")).to_have_count(0)


@pytest.mark.console_errors("status of 422")
def test_a_folder_is_chosen_in_the_dialog(page, owner, folder):
    model = draft(owner)
    page.goto(address(model, "photos"))
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a folder").click()
    chooser.value.set_files(folder)
    expect_everything(page, model)
    assert names_of(model) == ["IMG_8.jpg", "IMG_9.jpg", "IMG_10.jpg"]


@pytest.mark.console_errors("status of 422")
def test_a_folder_is_dropped(page, owner, folder):
    model = draft(owner)
    page.goto(address(model, "photos"))
    expect(page.locator("#drop-zone")).to_have_attribute("data-ready", "")
    box = page.locator("#drop-zone").bounding_box()
    browser = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(folder)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        event = {"type": kind, "x": box["x"] + 20, "y": box["y"] + 20, "data": data}
        browser.send("Input.dispatchDragEvent", event)
    expect_everything(page, model)
    assert names_of(model) == ["IMG_8.jpg", "IMG_9.jpg", "IMG_10.jpg"]


def test_an_archive_whose_answer_was_cut_off_is_sent_again_and_told_of_as_a_whole(page, owner):
    model = draft(owner)
    data = archive(*PHOTOS.items(), *MORE.items())
    sent = {"name": "holiday.zip", "mimeType": "application/zip", "buffer": data}
    page.goto(address(model, "photos"))

    def cut(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=b"".join(answer.body().splitlines(keepends=True)[:2]))

    page.route("**/photos/upload", cut, times=1)
    page.set_input_files("#archive", sent)
    expect_everything(page, model)
    assert lines(page, "stored") == list(PHOTOS)


def test_without_a_script_an_archive_is_accounted_for_on_the_next_page(
    visit, owner, live_server, tmp_path
):
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 and nothing more")
    model = draft(owner, photos=5)
    context = visit.browser.new_context(java_script_enabled=False, base_url=live_server.url)
    sign_in(context, owner, live_server.url)
    page = context.new_page()
    page.goto(address(model, "photos"))
    page.set_input_files("#photos", tmp_path / "broken.zip")
    page.get_by_role("button", name="Upload photos").click()
    expect(page.locator("#messages")).to_contain_text("broken.zip: This ZIP is damaged")
    (tmp_path / "good.zip").write_bytes(archive(*PHOTOS.items(), *MORE.items()))
    page.set_input_files("#photos", tmp_path / "good.zip")
    page.get_by_role("button", name="Upload photos").click()
    expect(page.locator("#messages")).to_contain_text("good.zip: 3 of 4 files taken.")
    expect(page.locator("#photo-grid .photo-card")).to_have_count(8)
    context.close()
