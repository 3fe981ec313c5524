"""Hands that are quicker than the page, and pages that are looked at again."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.dashboard.wizard_drafts import address, draft

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SECOND_CLICK = """button => button.dispatchEvent(
  new MouseEvent("click", { bubbles: true, cancelable: true, detail: 2 }),
)"""
SEEN_AGAIN = "document.dispatchEvent(new Event('visibilitychange'))"


def opened(page: Page, photo) -> None:
    page.locator(f"#photo-{photo.pk} [data-open]").click()
    expect(page.locator(f"#remove-{photo.pk}")).to_be_visible()


def test_two_quick_clicks_remove_one_photo(page, owner):
    model = draft(owner, photos=4)
    first, second = model.photos.all()[:2]
    page.goto(address(model, "photos"))
    page.wait_for_load_state()
    opened(page, first)
    page.locator(f"#remove-{first.pk}").dblclick()
    expect(page.locator(f"#remove-{second.pk}")).to_be_focused()
    expect(page.locator("#wall-status")).to_contain_text("was removed")
    expect(page.locator("#saved")).to_have_text("")
    assert model.photos.count() == 3
    # The answer may be there between the two: then the next photo's button is under the pointer.
    page.locator(f"#remove-{second.pk}").evaluate(SECOND_CLICK)
    expect(page.locator(f"#photo-{second.pk}")).not_to_have_attribute("data-leaving", "")
    assert model.photos.count() == 3


def test_a_key_that_is_held_removes_one_photo(page, owner):
    model = draft(owner, photos=4)
    first, second = model.photos.all()[:2]
    page.goto(address(model, "photos"))
    page.wait_for_load_state()
    opened(page, first)
    page.locator(f"#remove-{first.pk}").focus()
    page.keyboard.down("Enter")
    expect(page.locator(f"#remove-{second.pk}")).to_be_focused()
    page.keyboard.down("Enter")
    expect(page.locator(f"#photo-{second.pk}")).not_to_have_attribute("data-leaving", "")
    assert model.photos.count() == 3


@pytest.mark.console_errors("status of 404")
def test_a_photo_that_was_removed_in_another_tab_is_gone_here_too(page, owner):
    model = draft(owner, photos=4)
    first, second = model.photos.all()[:2]
    page.goto(address(model, "photos"))
    page.wait_for_load_state()
    opened(page, first)
    model.photos.filter(pk=first.pk).delete()
    page.locator(f"#remove-{first.pk}").click()
    expect(page.locator(f"#photo-{first.pk}")).to_have_count(0)
    expect(page.locator(f"#remove-{second.pk}")).to_be_focused()


@pytest.mark.console_errors("ERR_FAILED")
def test_moves_are_saved_after_one_that_broke_off(page, owner):
    model = draft(owner, photos=4)
    first, *_, fourth = model.photos.all()
    page.goto(address(model, "photos"))
    page.wait_for_load_state()
    page.route("**/move", lambda route: route.abort(), times=1)
    page.locator(f"#photo-{first.pk} [data-open]").press("Alt+ArrowRight")
    expect(page.locator("#saved")).to_contain_text("was not moved")
    with page.expect_response("**/move"):
        page.locator(f"#photo-{fourth.pk} [data-open]").press("Alt+Home")
    expect(page.locator("#photo-grid > li").first).to_have_id(f"photo-{fourth.pk}")
    assert model.photos.all()[0].pk == fourth.pk


def test_a_page_that_is_seen_again_begins_no_draft(page, owner):
    page.goto("/dashboard/models/new")
    page.wait_for_load_state()
    asked: list[str] = []
    page.on("request", lambda request: request.method == "POST" and asked.append(request.url))
    for _ in range(3):
        page.evaluate(SEEN_AGAIN)
    page.get_by_label("Name", exact=True).fill("Ann")
    expect(page.locator("#saved")).to_have_text("Saved")
    assert len(asked) == 1
    assert owner.user_models.count() == 1
