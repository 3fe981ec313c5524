"""Answers of the wizard that a connection broke, or a server that was away."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from models_app.models import UserModel
from tests.dashboard.wizard_drafts import address, draft

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.console_errors("ERR_INTERNET_DISCONNECTED")
def test_answers_that_could_not_be_sent_are_sent_once_there_is_a_connection(page, owner):
    model = draft(owner)
    page.goto(address(model, "about"))
    page.wait_for_load_state()
    page.context.set_offline(True)
    page.get_by_label("Name", exact=True).fill("Ann by the sea")
    expect(page.locator("#saved")).to_contain_text("no connection")
    page.context.set_offline(False)
    expect(page.locator("#saved")).to_have_text("Saved")
    assert UserModel.objects.get().name == "Ann by the sea"


@pytest.mark.console_errors("status of 503")
def test_answers_are_sent_again_to_a_server_that_was_away(page, owner):
    model = draft(owner)
    page.clock.install()
    page.goto(address(model, "about"))
    page.wait_for_load_state()
    page.route("**/about", lambda route: route.fulfill(status=503))
    page.get_by_label("Name", exact=True).fill("Ann by the sea")
    page.clock.run_for(500)
    expect(page.locator("#saved")).to_contain_text("Not saved")
    page.unroute("**/about")
    page.clock.run_for(6000)
    expect(page.locator("#saved")).to_have_text("Saved")
    assert UserModel.objects.get().name == "Ann by the sea"


def test_what_is_saved_is_not_said_of_a_newer_answer(page, owner):
    page.goto(address(draft(owner), "about"))
    page.wait_for_load_state()
    page.get_by_label("Name", exact=True).fill("Ann")
    expect(page.locator("#saved")).to_have_text("Saved")
    at_once = page.get_by_label("Name", exact=True).evaluate(
        """(field) => {
          field.value = "Ann by the sea";
          field.dispatchEvent(new Event("input", { bubbles: true }));
          return document.getElementById("saved").textContent;
        }"""
    )
    assert at_once == "Saving…"
    expect(page.locator("#saved")).to_have_text("Saved")
    assert UserModel.objects.get().name == "Ann by the sea"
