"""The panel with tabs on a model's page: by keyboard, through live updates, in large text, and
without a script."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from models_app.models import UserModel
from tests.dashboard.in_browser import sign_in
from tests.dashboard.open_trainings import NOTE, begin, finish, happen, moved, update

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TABS = ["Settings", "Photos", "Timeline", "Log"]
LARGE = "document.documentElement.style.fontSize = '200%'"


@pytest.fixture
def model(owner) -> UserModel:
    return begin(owner)


def page_of(model: UserModel) -> str:
    return reverse("dashboard:model", args=[model.pk])


def shows(page: Page, name: str) -> None:
    """Only this tab is chosen, and only its panel is shown."""
    expect(page.get_by_role("tab", selected=True)).to_have_text(re.compile(name))
    expect(page.get_by_role("tabpanel")).to_have_count(1)
    expect(page.get_by_role("tabpanel", name=name)).to_be_visible()


def test_the_keyboard_walks_through_the_tabs(page, model):
    page.goto(page_of(model))
    shows(page, "Settings")
    page.get_by_role("tab", name="Settings").focus()
    walk = ["ArrowRight", "End", "ArrowRight", "ArrowLeft", "Home"]
    for key, name in zip(walk, ["Photos", "Log", "Settings", "Log", "Settings"], strict=True):
        page.keyboard.press(key)
        shows(page, name)
        expect(page.get_by_role("tab", name=name)).to_be_focused()
    assert page.locator('[role="tab"][tabindex="0"]').count() == 1


def test_the_chosen_tab_stays_through_updates_and_in_the_address(page, model):
    page.goto(page_of(model))
    page.get_by_role("tab", name="Timeline").click()
    job = model.jobs.get()
    happen(job, "note", "4 photos were sent.")
    update(page)
    shows(page, "Timeline")
    expect(page.get_by_role("tab", name="Timeline")).to_be_focused()
    expect(page.get_by_role("tabpanel")).to_contain_text("4 photos were sent.")
    finish(job)
    update(page)
    expect(page.locator("h1 + .tag")).to_have_text("Ready")
    shows(page, "Timeline")
    page.reload()
    shows(page, "Timeline")


# A browser may paint the page before it looks for what its address names.
@pytest.mark.parametrize(("fragment", "most"), [("", 0.001), ("#log", 0.02)])
def test_nothing_moves_when_the_script_arrives(page, model, fragment, most):
    page.add_init_script(NOTE)
    page.goto(page_of(model) + fragment)
    shows(page, "Log" if fragment else "Settings")
    total, shifts = moved(page)
    assert total < most, shifts


@pytest.mark.parametrize("width", [320, 390])
def test_large_text_scrolls_nothing_sideways(page, model, width):
    page.set_viewport_size({"width": width, "height": 640})
    page.goto(page_of(model))
    page.evaluate(LARGE)
    for name in TABS:
        page.get_by_role("tab", name=name).click()
        shows(page, name)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name


def test_without_a_script_the_sections_stand_one_after_the_other(
    chromium, live_server, owner, model
):
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False)
    sign_in(context, owner, live_server.url)
    page = context.new_page()
    page.goto(page_of(model))
    assert page.get_by_role("tab").count() == 0
    for name in TABS:
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
    page.get_by_role("link", name="Log").click()
    expect(page.locator("#log")).to_be_in_viewport()
    context.close()
