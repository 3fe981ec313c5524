"""A password is shown while somebody asks to see it, and never left so."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.factories import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_it_is_shown_on_request_by_keyboard_and_hidden_again(visit, owner):
    page = visit.new_page()
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(reverse("account_login"))
    field = page.locator("#id_password")
    button = page.get_by_role("button", name="Show password")
    field.fill(PASSWORD)
    page.keyboard.press("Tab")
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    expect(field).to_have_attribute("type", "text")
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(field).to_have_value(PASSWORD)
    page.keyboard.press("Space")
    expect(field).to_have_attribute("type", "password")
    box = button.bounding_box()
    assert min(box["height"], box["width"]) >= 44


def test_what_is_shown_is_hidden_before_it_is_sent(visit, owner):
    page = visit.new_page()
    page.goto(reverse("account_login"))
    page.locator("#id_login").fill(owner.email)
    page.locator("#id_password").fill(PASSWORD)
    page.get_by_role("button", name="Show password").click()
    # Whoever listens last sees the field as it is sent; then the page is kept for the test.
    page.evaluate(
        """addEventListener("submit", (event) => {
          event.preventDefault();
          window.sentAs = document.getElementById("id_password").type;
        })"""
    )
    page.get_by_role("button", name="Sign in", exact=True).click()
    assert page.evaluate("window.sentAs") == "password"


def test_without_scripts_there_is_no_button(chromium, live_server):
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    page.goto(reverse("account_login"))
    expect(page.locator("#id_password")).to_be_visible()
    expect(page.locator("[data-shows]")).to_be_hidden()
    context.close()
