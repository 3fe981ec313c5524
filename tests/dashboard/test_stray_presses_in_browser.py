"""Presses, clicks and keys that mean something else than what the page listens for."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from generation.models import GeneratedImage
from tests.dashboard.in_browser import wall_of
from tests.dashboard.rows import describe_local_trainer, stored_model
from tests.dashboard.wizard_drafts import address, draft
from tests.factories import GeneratedImageFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Whether the page keeps a click from the browser; the browser itself does not get it either.
KEEPS = """(link, held) => {
  let isKept;
  const look = (click) => {
    isKept = click.defaultPrevented;
    click.preventDefault();
  };
  addEventListener("click", look, { once: true });
  link.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, [held]: true }));
  return isKept;
}"""
# The button is let go where the page is not told: in a menu, or beside the window.
POINTER = """(element, [kind, x, y, buttons]) => element.dispatchEvent(new PointerEvent(kind, {
  bubbles: true, cancelable: true, pointerType: "mouse", isPrimary: true,
  pointerId: 1, clientX: x, clientY: y, buttons, button: kind === "pointerdown" ? 0 : -1,
}))"""
WITHOUT_CAPTURE = "Element.prototype.setPointerCapture = () => {}"
FRAMES = """() => new Promise((done) => {
  let left = 10;
  const next = () => (left -= 1) ? requestAnimationFrame(next) : done();
  next();
})"""
HELD = ("altKey", "ctrlKey", "metaKey", "shiftKey")


@pytest.fixture
def images(owner) -> list[GeneratedImage]:
    describe_local_trainer()
    return GeneratedImageFactory.create_batch(3, model=stored_model(owner, name="Ann"))


def opened_crop(page: Page, owner) -> None:
    [photo, *_] = wall_of(page, draft(owner, photos=4))
    page.locator(f"#photo-{photo.pk} [data-open]").click()
    page.locator(f"#crop-{photo.pk}").click()
    expect(page.locator("#crop-dialog")).to_be_visible()


def press(page: Page, begin: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*begin)
    page.mouse.down()
    page.mouse.move(*end, steps=4)
    page.mouse.up()


def test_a_question_closes_by_a_click_beside_it_and_by_no_other(page, owner):
    page.goto(address(draft(owner, photos=4), "about"))
    page.wait_for_load_state()
    page.get_by_role("link", name="Delete draft").click()
    dialog = page.locator("#delete-dialog")
    box = dialog.bounding_box()
    inside, outside = (box["x"] + 6, box["y"] + 6), (box["x"] - 40, box["y"] - 40)
    for begin, end in ((inside, inside), (inside, outside), (outside, inside)):
        press(page, begin, end)
        expect(dialog).to_be_visible()
    press(page, outside, outside)
    expect(dialog).to_be_hidden()


def test_selecting_a_number_beyond_the_edge_loses_no_crop(page, owner):
    page.set_viewport_size({"width": 1280, "height": 900})
    opened_crop(page, owner)
    page.keyboard.press("Shift+ArrowLeft")
    page.get_by_text("Exact numbers").click()
    width = page.locator("#crop-width")
    typed = width.input_value()
    box = width.bounding_box()
    middle = box["y"] + box["height"] / 2
    press(page, (box["x"] + 60, middle), (4, middle))
    expect(page.locator("#crop-dialog")).to_be_visible()
    expect(width).to_have_value(typed)


def test_keys_of_the_browser_step_to_no_other_picture(page, images):
    page.goto(reverse("dashboard:gallery"))
    page.locator("a[data-lightbox]").first.click()
    place = page.locator("#lightbox-place")
    expect(place).to_have_text("1 of 3")
    for held in HELD:
        close = page.get_by_role("button", name="Close")
        close.dispatch_event("keydown", {"key": "ArrowRight", held: True})
    expect(place).to_have_text("1 of 3")
    page.keyboard.press("ArrowRight")
    expect(place).to_have_text("2 of 3")


@pytest.mark.parametrize("held", HELD)
def test_links_do_what_the_browser_does_with_a_held_key(page, owner, images, held):
    page.goto(reverse("dashboard:gallery"))
    assert page.locator("a[data-lightbox]").first.evaluate(KEEPS, held) is False
    expect(page.locator("#lightbox")).to_be_hidden()
    page.goto(reverse("dashboard:model", args=[images[0].model_id]))
    for link in ("[data-tabs] > .tab-list a", "a[data-fill]", "[data-opens]"):
        assert page.locator(link).first.evaluate(KEEPS, held) is False, link
    wall_of(page, draft(owner, photos=4))
    assert page.locator('a[href^="#photo-"]').first.evaluate(KEEPS, held) is False


def test_a_photo_follows_no_pointer_that_has_let_go(page, owner):
    [photo, *_] = wall_of(page, draft(owner, photos=4))
    tile = page.locator(f"#photo-{photo.pk} [data-open]")
    box = tile.bounding_box()
    tile.evaluate(POINTER, ["pointerdown", box["x"] + 5, box["y"] + 5, 1])
    tile.evaluate(POINTER, ["pointermove", box["x"] + 60, box["y"] + 60, 0])
    expect(page.locator("[data-dragged]")).to_have_count(0)
    tile.evaluate(POINTER, ["pointermove", box["x"] + 90, box["y"] + 90, 1])
    expect(page.locator("[data-dragged]")).to_have_count(0)


def test_a_crop_follows_no_pointer_that_has_let_go(page, owner):
    page.add_init_script(WITHOUT_CAPTURE)
    opened_crop(page, owner)
    before = page.locator("[data-size]").inner_text()
    handle = page.locator('[data-handle="se"]')
    box = handle.bounding_box()
    handle.evaluate(POINTER, ["pointerdown", box["x"] + 22, box["y"] + 22, 1])
    for buttons in (0, 1):
        handle.evaluate(POINTER, ["pointermove", box["x"] - 40, box["y"] - 40, buttons])
    expect(page.locator("[data-size]")).to_have_text(before)


def test_a_link_of_the_page_is_no_file(page, owner):
    wall_of(page, draft(owner, photos=4))
    page.locator(".brand").hover()
    page.mouse.down()
    for _ in range(2):  # the second one is told to what lies below
        page.locator("#drop-zone h2").hover()
    page.evaluate(FRAMES)
    assert page.locator("#drop-zone").get_attribute("data-over") is None
    page.mouse.up()
    page.evaluate(FRAMES)
    expect(page.locator("#saved")).to_be_empty()


def test_the_wheel_turns_nothing_behind_a_picture(page, images):
    GeneratedImageFactory.create_batch(30, model=images[0].model)
    page.set_viewport_size({"width": 1280, "height": 600})
    page.goto(reverse("dashboard:gallery"))
    page.locator("a[data-lightbox]").first.click()
    for beside in (400, 4):
        page.mouse.move(beside, 300)
        page.mouse.wheel(0, 400)
    page.evaluate(FRAMES)  # what is turned shows with the next frames
    assert page.evaluate("scrollY") == 0
    page.keyboard.press("Escape")
    page.mouse.wheel(0, 400)
    page.wait_for_function("() => scrollY > 0")


@pytest.mark.parametrize("height", [500, 3000], ids=["scrolls", "fits"])
def test_a_dialog_moves_nothing_that_lies_behind_it(page, owner, height):
    page.set_viewport_size({"width": 1280, "height": height})
    page.goto(address(draft(owner), "about"))
    title = page.get_by_role("heading", level=1)
    before = title.bounding_box()["x"]
    page.get_by_role("link", name="Delete draft").click()
    expect(page.locator("#delete-dialog")).to_be_visible()
    page.evaluate(FRAMES)
    assert page.locator("h1").bounding_box()["x"] == before
