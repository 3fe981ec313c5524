"""The wall of photos: one tile each from the moment of choosing, opened, moved and kept in view."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from models_app.models import TrainingImage, UserModel
from tests.dashboard.in_browser import open_photo, sign_in, wall_of
from tests.dashboard.test_two_tabs_in_browser import ALONE
from tests.dashboard.wizard_drafts import address, draft

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = {"viewport": {"width": 320, "height": 640}, "has_touch": True, "is_mobile": True}
CENTRE = "frame => frame.scrollIntoView({ block: 'center' })"
TYPE = """(field, text) => {
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}"""


@pytest.fixture
def phone(chromium, live_server, owner) -> Iterator[Page]:
    """The owner's phone, held in one hand."""
    context = chromium.new_context(base_url=live_server.url, **PHONE)
    sign_in(context, owner, live_server.url)
    yield context.new_page()
    context.close()


def tile(page: Page, photo: TrainingImage) -> Locator:
    return page.locator(f"#photo-{photo.pk}")


def opener(page: Page, photo: TrainingImage) -> Locator:
    return page.locator(f"#photo-{photo.pk} [data-open]")


def order(model: UserModel) -> list[TrainingImage]:
    return list(model.photos.all())


def expect_order(page: Page, photos: list[TrainingImage]) -> None:
    for at, photo in enumerate(photos):
        expect(page.locator("#photo-grid > .photo-card").nth(at)).to_have_id(f"photo-{photo.pk}")


def test_a_tile_opens_its_photo_and_gives_the_focus_back(page, owner):
    first, second, _ = wall_of(page, draft(owner, photos=3))
    caption = page.locator(f"#caption-{first.pk}")
    expect(caption).to_be_hidden()
    opener(page, first).press("Enter")
    expect(caption).to_be_visible()
    expect(opener(page, first)).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Tab")
    while not caption.evaluate("field => field === document.activeElement"):
        page.keyboard.press("Tab")  # whatever a question about the photo stands before it
    page.keyboard.type("at home")
    expect(tile(page, first).locator("[data-line]")).to_have_text("at home")
    page.keyboard.press("Escape")
    expect(caption).to_be_hidden()
    expect(opener(page, first)).to_be_focused()
    opener(page, second).click()
    opener(page, first).click()
    expect(page.locator("[data-opened]")).to_have_count(1)


def test_enter_in_the_last_caption_closes_it_and_leaves_no_page(page, owner):
    photos = wall_of(page, draft(owner, photos=2))
    page.evaluate("window.isSamePage = true")
    open_photo(page, photos[0])
    page.locator(f"#caption-{photos[0].pk}").press("Enter")
    expect(page.locator(f"#caption-{photos[1].pk}")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("[data-opened]")).to_have_count(0)
    expect(opener(page, photos[1])).to_be_focused()
    assert page.evaluate("window.isSamePage")


def test_arrow_keys_go_through_the_photos_and_with_alt_move_them(page, owner):
    model = draft(owner, photos=4)
    first, second, third, fourth = wall_of(page, model)
    opener(page, first).focus()
    page.keyboard.press("ArrowRight")
    expect(opener(page, second)).to_be_focused()
    page.keyboard.press("End")
    expect(opener(page, fourth)).to_be_focused()
    with page.expect_response("**/move"):
        page.keyboard.press("Alt+Home")
    expect(page.locator("#wall-status")).to_contain_text("is now photo 1 of 4.")
    with page.expect_response("**/move"):
        page.keyboard.press("Alt+ArrowRight")
    expect(opener(page, fourth)).to_be_focused()
    expected = [first, fourth, second, third]
    expect_order(page, expected)
    assert order(model) == expected


def test_buttons_move_a_photo_and_stay_under_the_finger(phone, owner):
    model = draft(owner, photos=4)
    first, second, third, fourth = wall_of(phone, model)
    opener(phone, third).tap()
    later = phone.locator(f"#later-{third.pk}")
    later.scroll_into_view_if_needed()
    before = later.bounding_box()["y"]
    with phone.expect_response("**/move"):
        later.tap()  # into the next row
    expect_order(phone, [first, second, fourth, third])
    assert later.bounding_box()["y"] == pytest.approx(before, abs=2)
    expect(later).to_have_attribute("aria-disabled", "true")
    later.dispatch_event("click")  # it is the last
    assert order(model) == [first, second, fourth, third]


def test_a_caption_that_was_changed_elsewhere_is_asked_about_on_its_tile(page, visit, owner):
    model = draft(owner, photos=2)
    first, _ = wall_of(page, model)
    other = visit.new_page()
    other.add_init_script(ALONE)
    wall_of(other, model)
    for tab in (page, other):
        open_photo(tab, first)
    page.locator(f"#caption-{first.pk}").fill("in Rome")
    expect(page.locator("#saved")).to_have_text("Saved")
    other.evaluate("document.querySelector('[data-opened] [data-close]').click()")
    other.locator(f"#caption-{first.pk}").evaluate(TYPE, "in Paris")
    expect(other.locator("[data-clash]")).to_be_visible()  # though its tile is closed
    other.get_by_role("button", name="Keep mine").click()
    expect(other.locator(f"#caption-{first.pk}")).to_be_focused()
    expect(other.locator("#saved")).to_have_text("Saved")
    first.refresh_from_db()
    assert first.caption == "in Paris"


def drag(page: Page, photo: TrainingImage, onto: TrainingImage) -> None:
    tile(page, photo).locator(".photo-frame").evaluate(CENTRE)
    start, end = (tile(page, one).locator(".photo-frame").bounding_box() for one in (photo, onto))
    page.mouse.move(start["x"] + 40, start["y"] + 40)
    page.mouse.down()
    page.mouse.move(end["x"] + 30, end["y"] + 30, steps=5)
    page.mouse.up()


def test_a_photo_is_dragged_to_another_place(page, owner):
    model = draft(owner, photos=4)
    first, second, third, fourth = wall_of(page, model)
    with page.expect_response("**/move"):
        drag(page, fourth, first)
    expect_order(page, [fourth, first, second, third])
    expect(page.locator("[data-opened]")).to_have_count(0)  # it was no click
    with page.expect_response("**/move"):
        drag(page, fourth, second)
    expect_order(page, [first, second, fourth, third])
    assert order(model) == [first, second, fourth, third]


@pytest.mark.console_errors("ERR_FAILED", "status of 404")
@pytest.mark.parametrize("how", ["lost", "gone"])
def test_a_move_that_is_not_saved_is_taken_back_and_said(page, owner, how):
    model = draft(owner, photos=3)
    photos = wall_of(page, model)
    answer = {"status": 404, "headers": {"X-Answered-By": "theway"}}
    page.route("**/move", lambda route: route.abort() if how == "lost" else route.fulfill(**answer))
    drag(page, photos[2], photos[0])
    expect(page.locator("#saved")).to_contain_text("was not moved.")
    expect(page.locator("#wall-status")).to_contain_text("was not moved.")
    expect_order(page, photos)
    assert order(model) == photos


class Finger:
    def __init__(self, page: Page) -> None:
        self._browser = page.context.new_cdp_session(page)

    def __call__(self, kind: str, *at: float) -> None:
        points = [{"x": at[0], "y": at[1]}] if at else []
        self._browser.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def middle_of(page: Page, photo: TrainingImage) -> tuple[float, float]:
    box = tile(page, photo).locator(".photo-frame").bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_a_finger_that_rests_on_a_photo_takes_hold_of_it(phone, owner):
    model = draft(owner, photos=12)
    photos = wall_of(phone, model)
    tile(phone, photos[4]).locator(".photo-frame").evaluate(CENTRE)
    (x, y), (to_x, to_y) = (middle_of(phone, photos[at]) for at in (3, 4))
    assert y == to_y  # of three in a row
    finger = Finger(phone)
    finger("touchStart", x, y)
    expect(phone.locator("[data-dragged]")).to_have_count(1)
    for share in (0.3, 0.7, 1):
        finger("touchMove", x + share * (to_x - x), y)
    with phone.expect_response("**/move"):
        finger("touchEnd")
    moved = [*photos[:3], photos[4], photos[3], *photos[5:]]
    expect_order(phone, moved)
    assert order(model) == moved


def test_a_finger_that_moves_at_once_scrolls_the_page(phone, owner):
    model = draft(owner, photos=12)
    photos = wall_of(phone, model)
    tile(phone, photos[0]).locator(".photo-frame").evaluate(CENTRE)
    before = phone.evaluate("scrollY")
    x, y = middle_of(phone, photos[3])
    finger = Finger(phone)
    finger("touchStart", x, y)
    for by in (20, 60, 100):
        finger("touchMove", x, y - by)
    finger("touchEnd")
    phone.wait_for_function("before => scrollY > before", arg=before)
    expect(phone.locator("[data-dragged]")).to_have_count(0)
    assert order(model) == photos


def test_advice_on_a_photo_leads_to_it(page, owner):
    photos = wall_of(page, draft(owner, photos=5))
    page.locator("#photo-advice details").evaluate_all("all => all.forEach(one => one.open = true)")
    page.locator(f'#photo-advice a[href="#photo-{photos[0].pk}"]').first.click()
    expect(page.locator(f"#caption-{photos[0].pk}")).to_be_visible()
    expect(opener(page, photos[0])).to_be_focused()


def test_the_foot_covers_nothing_that_has_the_focus(phone, owner):
    photos = wall_of(phone, draft(owner, photos=20))
    opener(phone, photos[0]).focus()
    foot = phone.locator("#foot").bounding_box()
    assert foot["y"] + foot["height"] == 640
    for _ in range(6):
        phone.keyboard.press("ArrowDown")
        box = phone.locator(":focus").bounding_box()
        assert box["y"] + box["height"] <= foot["y"]


def test_without_scripts_every_photo_shows_its_fields(chromium, live_server, owner):
    model = draft(owner, photos=4)
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False)
    sign_in(context, owner, live_server.url)
    page = context.new_page()
    page.goto(address(model, "photos"))
    first, second = order(model)[:2]
    page.locator(f"#caption-{first.pk}").fill("at home")
    page.locator(f"#later-{first.pk}").click()
    expect(page.locator(f"#caption-{first.pk}")).to_have_value("at home")
    assert order(model)[:2] == [second, first]
    expect(page.locator(f"#photo-{first.pk} [data-open]")).to_be_hidden()
    expect(page.locator("#photos")).to_be_visible()
    context.close()
