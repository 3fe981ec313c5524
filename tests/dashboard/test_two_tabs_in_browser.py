"""The same draft in two tabs of one browser: neither undoes the other, and nothing is lost."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import BrowserContext, Locator, Page, expect

from models_app.models import UserModel
from models_app.services import save_answers
from tests.dashboard.wizard_drafts import ABOUT, address, draft

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# As in another browser: it hears of no save.
ALONE = "window.BroadcastChannel = class extends EventTarget { postMessage() {} close() {} }"


@pytest.fixture
def model(owner) -> UserModel:
    model = draft(owner, photos=2)
    return save_answers(model, step="about", answers=ABOUT, valid={"name": "Ann"})


def name_in(tab: Page) -> Locator:
    return tab.get_by_label("Name", exact=True)


def saved(tab: Page) -> None:
    expect(tab.locator("#saved")).to_have_text("Saved")


def opened(visit: BrowserContext, page: str, script: str = "") -> Page:
    tab = visit.new_page()
    tab.add_init_script(script)
    tab.goto(page)
    return tab


def test_an_untouched_tab_shows_at_once_what_another_saves(page, visit, model):
    page.goto(address(model, "about"))
    other = opened(visit, address(model, "about"))
    name_in(page).fill("Anna")
    saved(page)
    expect(name_in(other)).to_have_value("Anna")
    expect(other.locator("[data-elsewhere=name]")).to_have_text("Changed in another tab")
    expect(other.locator("#saved")).to_have_text("Changed in another tab")
    # What is typed on top of it is no disagreement.
    name_in(other).fill("Annabel")
    saved(other)
    expect(other.locator("[data-elsewhere]")).to_have_count(0)
    expect(name_in(page)).to_have_value("Annabel")


def test_an_old_tab_sends_only_what_was_changed_there(page, visit, model):
    page.goto(address(model, "about"))
    old = opened(visit, address(model, "about"), ALONE)
    page.get_by_label("Description").fill("My twin")
    saved(page)
    name_in(old).fill("Anna")
    expect(old.locator("#saved")).to_have_text("Changed in another tab")
    expect(old.get_by_label("Description")).to_have_value("My twin")
    model.refresh_from_db()
    assert (model.name, model.description) == ("Anna", "My twin")


@pytest.mark.parametrize(("button", "name"), [("Keep mine", "Annabel"), ("Use the other", "Anna")])
def test_who_changed_the_same_decides_with_the_keyboard(page, visit, model, button, name):
    page.goto(address(model, "about"))
    old = opened(visit, address(model, "about"), ALONE)
    old.set_viewport_size({"width": 320, "height": 640})
    name_in(page).fill("Anna")
    saved(page)
    name_in(old).fill("Annabel")
    clash = old.locator("[data-clash=name]")
    expect(clash).to_contain_text("Annabel")
    expect(old.locator("#saved")).to_contain_text("Choose what stays")
    assert old.evaluate("document.documentElement.scrollWidth") <= 320
    found = Axe().run(old, options={"resultTypes": ["violations"]}).response["violations"]
    assert [hit["id"] for hit in found if hit["impact"] in {"serious", "critical"}] == []
    old.keyboard.press("Tab")
    if button == "Use the other":
        old.keyboard.press("Tab")
    expect(old.get_by_role("button", name=button)).to_be_focused()
    old.keyboard.press("Enter")
    expect(clash).to_have_count(0)
    expect(name_in(old)).to_be_focused()
    expect(name_in(old)).to_have_value(name)
    saved(old)
    model.refresh_from_db()
    assert model.name == name
    with old.expect_response("**/about"):  # whoever has decided goes on
        name_in(old).fill("Annabel Lee")
    saved(old)
    model.refresh_from_db()
    assert model.name == "Annabel Lee"


@pytest.mark.console_errors("status of 409")
def test_continue_asks_and_goes_on_once_it_is_decided(page, visit, model):
    page.goto(address(model, "about"))
    old = opened(visit, address(model, "about"), ALONE)
    name_in(page).fill("Anna")
    saved(page)
    name_in(old).fill("Annabel")
    old.get_by_role("button", name="Continue").click()
    expect(old.get_by_role("button", name="Keep mine")).to_be_focused()
    old.keyboard.press("Enter")
    saved(old)
    old.get_by_role("button", name="Continue").click()
    old.wait_for_url(re.compile("/photos$"))
    model.refresh_from_db()
    assert model.name == "Annabel"


@pytest.mark.console_errors("ERR_FAILED")
def test_a_lost_answer_makes_nobody_disagree_with_themselves(page, model):
    page.goto(address(model, "about"))

    def lose_the_answer(route):
        route.fetch()
        route.abort()

    page.route("**/about", lose_the_answer, times=1)
    name_in(page).fill("Anna")
    expect(page.locator("#saved")).to_contain_text("no connection")
    name_in(page).fill("Annabel")
    saved(page)
    model.refresh_from_db()
    assert model.name == "Annabel"


@pytest.mark.console_errors("status of 409")
def test_a_caption_on_the_wall_is_asked_about_where_it_is(page, visit, model):
    photo, other = model.photos.all()
    page.goto(address(model, "photos"))
    old = opened(visit, page.url, ALONE)
    page.locator(f"#photo-{photo.pk} [data-open]").click()
    page.locator(f"#caption-{photo.pk}").fill("in Rome")
    saved(page)
    old.locator(f"#photo-{photo.pk} [data-open]").click()
    old.locator(f"#caption-{photo.pk}").fill("in Paris")
    clash = old.locator(f"#photo-{photo.pk} [data-clash]")
    expect(clash).to_be_visible()
    # Moving a photo shows the wall anew; what is to be decided stays.
    old.locator(f"#photo-{other.pk} [data-open]").click()
    with old.expect_response("**/move"):
        old.locator(f"#earlier-{other.pk}").click()
    old.locator(f"#photo-{photo.pk} [data-open]").click()
    expect(clash).to_be_visible()
    # So it does with the whole page.
    old.get_by_role("button", name="Back").click()
    expect(old.get_by_role("button", name="Keep mine")).to_be_focused()
    old.get_by_role("button", name="Use the other").click()
    expect(old.locator(f"#caption-{photo.pk}")).to_have_value("in Rome")
    expect(old.locator(f"#photo-{photo.pk} [data-line]")).to_have_text("in Rome")
    photo.refresh_from_db()
    assert photo.caption == "in Rome"


def test_captions_are_asked_about_too(page, visit, model):
    photo = model.photos.first()
    page.goto(reverse("dashboard:captions", args=[model.pk]))
    old = opened(visit, page.url, ALONE)
    page.locator(f"#caption-{photo.pk}").fill("in Rome")
    saved(page)
    old.locator(f"#caption-{photo.pk}").fill("in Paris")
    expect(old.locator("[data-clash]")).to_contain_text("in Rome")
    old.get_by_role("button", name="Keep mine").click()
    saved(old)
    photo.refresh_from_db()
    assert photo.caption == "in Paris"
    expect(page.locator(f"#caption-{photo.pk}")).to_have_value("in Rome")
    page.bring_to_front()
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator(f"#caption-{photo.pk}")).to_have_value("in Paris")
