"""Cropping in a browser: by keyboard, by mouse, by touch, and without scripts."""

from __future__ import annotations

import io

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from playwright.sync_api import Page, expect

from models_app.cropping import crop_photo
from models_app.crops import Box
from models_app.models import TrainingImage
from models_app.services import add_photo
from tests.dashboard.in_browser import open_photo, sign_in
from tests.dashboard.wizard_drafts import address, draft

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@pytest.fixture
def photo(owner) -> TrainingImage:
    """A photo of 1600 by 1200 pixels in a draft."""
    buffer = io.BytesIO()
    Image.linear_gradient("L").resize((1600, 1200)).convert("RGB").save(buffer, "JPEG")
    upload = SimpleUploadedFile("beach.jpg", buffer.getvalue())
    return add_photo(draft(owner), upload=upload)


def open_dialog(page: Page, photo: TrainingImage) -> None:
    page.goto(address(photo.model, "photos"))
    open_photo(page, photo)
    page.locator(f"#crop-{photo.pk}").click()
    expect(page.locator("#crop-dialog [data-frame]")).to_be_focused()


def save(page: Page) -> None:
    with page.expect_response("**/crop"):
        page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#crop-dialog")).to_be_hidden()


def stored_box() -> Box:
    return TrainingImage.objects.get().box


def size_text(page: Page, width: int, height: int) -> None:
    expect(page.locator("[data-size]")).to_have_text(
        f"{width} × {height} pixels will be trained on."
    )


def drag(page: Page, where: str, by: tuple[float, float]) -> None:
    """Drag by these shares of the photo with the mouse."""
    stage = page.locator("[data-stage]").bounding_box()
    box = page.locator(where).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + by[0] * stage["width"], y + by[1] * stage["height"], steps=4)
    page.mouse.up()


def test_a_photo_is_cropped_with_the_keyboard_alone(page, photo):
    page.goto(address(photo.model, "photos"))
    opener = page.locator(f"#crop-{photo.pk}")
    page.locator(f"#photo-{photo.pk} [data-open]").press("Enter")
    opener.press("Enter")
    frame = page.locator("[data-frame]")
    expect(frame).to_be_focused()
    for _ in range(10):
        page.keyboard.press("Shift+ArrowLeft")  # a hundredth of the long side each
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")  # no further than the photo goes
    size_text(page, 1440, 1184)
    said = "1440 × 1184 pixels, 16 from the left, 16 from the top"
    expect(page.locator("[data-said]")).to_have_text(said)
    before = page.locator(f"#photo-{photo.pk} img").get_attribute("src")
    save(page)
    assert stored_box() == Box(16, 16, 1440, 1184)
    expect(opener).to_be_focused()
    expect(opener).to_contain_text("1440 × 1184")
    expect(page.locator("#wall-status")).to_have_text("The crop was saved.")
    image = page.locator(f"#photo-{photo.pk} img")
    assert image.get_attribute("src") != before
    # The thumbnail arrives, in the shape of the crop.
    image.scroll_into_view_if_needed()
    page.wait_for_function("i => i.complete && i.naturalWidth > 0", arg=image.element_handle())
    assert image.evaluate("i => i.naturalWidth / i.naturalHeight") == pytest.approx(1.22, abs=0.02)


def test_a_square_stays_one_and_all_of_the_photo_resets_it(page, photo):
    open_dialog(page, photo)
    page.get_by_role("button", name="Square").click()
    size_text(page, 1200, 1200)
    drag(page, '[data-handle="nw"]', (0.25, 0.1))
    size_text(page, 1080, 1080)
    expect(page.locator("[data-warning]")).to_be_hidden()
    drag(page, '[data-handle="e"]', (-0.2, 0))
    expect(page.locator("[data-warning]")).to_be_visible()
    save(page)
    box = stored_box()
    assert box.width == box.height < 1024
    page.locator(f"#crop-{photo.pk}").click()
    expect(page.get_by_role("button", name="Square")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Whole photo").click()
    size_text(page, 1600, 1200)
    save(page)
    assert TrainingImage.objects.get().crop is None


def test_every_handle_pulls_its_own_edges(page, photo):
    open_dialog(page, photo)
    for handle in ("n", "s", "w", "e", "nw", "ne", "sw", "se"):
        page.get_by_role("button", name="Whole photo").click()
        across = 0.1 * (("w" in handle) - ("e" in handle))
        down = 0.1 * (("n" in handle) - ("s" in handle))
        drag(page, f'[data-handle="{handle}"]', (across, down))
        size_text(page, 1440 if across else 1600, 1080 if down else 1200)
        left, top = page.locator('[name="left"]'), page.locator('[name="top"]')
        expect(left).to_have_value("160" if "w" in handle else "0")
        expect(top).to_have_value("120" if "n" in handle else "0")


def test_no_crop_becomes_smaller_than_can_be_trained_on(page, photo):
    open_dialog(page, photo)
    drag(page, '[data-handle="se"]', (-0.95, -0.95))
    size_text(page, 256, 256)
    drag(page, "[data-frame]", (0.5, 0.5))
    page.get_by_text("Exact numbers").click()
    page.locator('[name="width"]').fill("5000")
    page.keyboard.press("Tab")
    size_text(page, 1024, 256)  # four times as wide as high, at most
    save(page)
    assert (stored_box().width, stored_box().height) == (1024, 256)


def test_cancel_changes_nothing(page, photo):
    open_dialog(page, photo)
    page.keyboard.press("Shift+ArrowLeft")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#crop-dialog")).to_be_hidden()
    expect(page.locator(f"#crop-{photo.pk}")).to_be_focused()
    page.locator(f"#crop-{photo.pk}").click()
    size_text(page, 1600, 1200)
    page.keyboard.press("Escape")
    expect(page.locator("#crop-dialog")).to_be_hidden()
    assert TrainingImage.objects.get().crop is None


@pytest.mark.console_errors("ERR_INTERNET_DISCONNECTED")
def test_a_crop_that_could_not_be_sent_is_still_there(page, photo):
    open_dialog(page, photo)
    page.keyboard.press("Shift+ArrowLeft")
    page.context.set_offline(True)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("[data-problem]")).to_contain_text("No connection")
    page.context.set_offline(False)
    save(page)
    assert stored_box().width == 1584


def test_a_caption_being_typed_survives_the_new_card(page, photo):
    open_dialog(page, photo)
    page.keyboard.press("Shift+ArrowLeft")
    caption = page.locator(f"#caption-{photo.pk}")
    caption.evaluate("field => (field.value = 'not saved yet')")
    save(page)
    expect(caption).to_have_value("not saved yet")


@pytest.mark.console_errors("net::ERR_FAILED")
def test_a_caption_that_could_not_be_saved_before_a_crop_is_sent_after_it(page, photo):
    page.route("**/caption", lambda route: route.abort())
    open_dialog(page, photo)
    caption = page.locator(f"#caption-{photo.pk}")
    caption.evaluate("field => (field.value = 'on the beach')")
    caption.dispatch_event("input")
    expect(page.locator("#saved")).to_contain_text("Not saved")
    page.keyboard.press("Shift+ArrowLeft")
    save(page)
    page.unroute("**/caption")
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator("#saved")).to_have_text("Saved")
    assert TrainingImage.objects.get().caption == "on the beach"


def touched(page: Page, handle: str, by: tuple[float, float]) -> None:
    """Drag a handle with a finger, as a phone tells of it."""
    stage = page.locator("[data-stage]").bounding_box()
    box = page.locator(f'[data-handle="{handle}"]').bounding_box()
    assert box["width"] >= 44 and box["height"] >= 44
    # On the handle's rim: the finger need not meet what is seen of it.
    x, y = box["x"] + box["width"] - 4, box["y"] + box["height"] - 4
    phone = page.context.new_cdp_session(page)

    def tell(kind: str, share: float) -> None:
        at = {"x": x + share * by[0] * stage["width"], "y": y + share * by[1] * stage["height"]}
        points = [] if kind == "touchEnd" else [at]
        phone.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    tell("touchStart", 0)
    for share in (0.25, 0.5, 1):
        tell("touchMove", share)
    tell("touchEnd", 1)


def test_a_photo_is_cropped_with_a_finger_on_a_phone(chromium, live_server, owner, photo):
    context = chromium.new_context(base_url=live_server.url, **PHONE)
    sign_in(context, owner, live_server.url)
    page = context.new_page()
    page.goto(address(photo.model, "photos"))
    page.locator(f"#photo-{photo.pk} [data-open]").tap()
    page.locator(f"#crop-{photo.pk}").tap()
    expect(page.locator("#crop-dialog")).to_be_visible()
    touched(page, "nw", (0.25, 0.25))
    expect(page.locator('[name="left"]')).to_have_value("400")
    size_text(page, 1200, 900)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    save(page)
    assert stored_box() == Box(400, 300, 1200, 900)
    context.close()


def test_without_scripts_there_is_a_page_with_numbers(chromium, live_server, owner, photo):
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False)
    sign_in(context, owner, live_server.url)
    page = context.new_page()
    page.goto(address(photo.model, "photos"))
    page.locator(f"#caption-{photo.pk}").fill("at the beach")
    page.locator(f"#crop-{photo.pk}").click()
    page.get_by_label("Width").fill("800")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/photos#photo-*")
    assert stored_box() == Box(0, 0, 800, 1200)
    page.locator(f"#crop-{photo.pk}").click()
    page.get_by_role("button", name="Square, right").click()
    page.wait_for_url("**/photos#photo-*")
    assert stored_box() == Box(400, 0, 1200, 1200)
    assert TrainingImage.objects.get().caption == "at the beach"
    context.close()


def test_the_page_for_one_photo_has_the_frame_too(page, photo):
    page.goto(f"/dashboard/photos/{photo.pk}/crop")
    page.locator("[data-frame]").focus()
    page.keyboard.press("Shift+ArrowUp")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/photos#photo-*")
    assert stored_box() == Box(0, 0, 1600, 1184)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_dialog_is_for_everybody(page, photo, scheme):
    page.emulate_media(color_scheme=scheme)
    open_dialog(page, photo)
    page.keyboard.press("Shift+ArrowLeft")
    drag(page, '[data-handle="se"]', (-0.6, -0.6))
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    assert [f"{one['id']}: {one['nodes'][0]['html']}" for one in found] == []


@pytest.mark.console_errors("status of 409")
@pytest.mark.parametrize(("button", "left"), [("Keep mine", 0), ("Use the other", 400)])
def test_a_crop_of_another_tab_is_asked_about(page, photo, button, left):
    open_dialog(page, photo)
    crop_photo(photo, Box(400, 0, 1200, 1200))
    page.get_by_role("button", name="Square").click()
    for _ in range(20):  # to the left edge
        page.locator("[data-frame]").press("ArrowLeft")
    with page.expect_response("**/crop"):
        page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#crop-dialog [data-clash]")).to_contain_text("400 from the left")
    expect(page.get_by_role("button", name="Keep mine")).to_be_focused()
    assert stored_box() == Box(400, 0, 1200, 1200)
    page.get_by_role("button", name=button).press("Enter")
    if button == "Use the other":
        expect(page.locator("[data-frame]")).to_be_focused()
        size_text(page, 1200, 1200)
        save(page)
    expect(page.locator("#crop-dialog")).to_be_hidden()
    assert stored_box() == Box(left, 0, 1200, 1200)
