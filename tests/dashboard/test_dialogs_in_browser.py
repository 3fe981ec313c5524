"""Questions before what cannot be undone, in every browser; and where the keyboard goes then."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from models_app.models import UserModel
from tests.dashboard.in_browser import sign_in
from tests.dashboard.open_trainings import begin, change, finish, update
from tests.dashboard.rows import describe_local_trainer
from tests.factories import JobFactory, TrainingImageFactory, UserModelFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Browsers of different ages, by what they lack.
LACKS = {
    "nothing": "",
    "commands": "delete HTMLButtonElement.prototype.commandForElement",
    "dialogs": "delete HTMLDialogElement.prototype.showModal",
}


@pytest.fixture
def model(owner) -> UserModel:
    return begin(owner)


def page_of(model: UserModel) -> str:
    return reverse("dashboard:model", args=[model.pk])


def expect_message(page: Page, text: str) -> None:
    """What came of it is said on the page of the model, where the keyboard goes on."""
    expect(page.locator("#messages")).to_contain_text(text)
    expect(page.locator("#messages")).to_be_focused()
    expect(page.locator("#messages")).to_be_in_viewport()


@pytest.mark.parametrize("lacks", LACKS)
def test_a_training_is_cancelled_in_browsers_of_every_age(page, model, lacks):
    page.add_init_script(LACKS[lacks])
    page.goto(page_of(model))
    page.get_by_role("link", name="Cancel training").click()
    asks = page.get_by_role("main") if lacks == "dialogs" else page.get_by_role("dialog")
    expect(asks.get_by_role("heading", name="Cancel this training?")).to_be_visible()
    asks.get_by_role("button", name="Cancel training").click()
    expect_message(page, "Cancellation requested.")
    assert model.jobs.get().status == "cancelled"


def test_a_training_is_cancelled_without_a_script(chromium, live_server, owner, model):
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False)
    sign_in(context, owner, live_server.url)
    page = context.new_page()
    page.goto(page_of(model))
    page.get_by_role("link", name="Cancel training").click()
    expect(page.get_by_role("heading", name="Cancel this training?")).to_be_visible()
    page.get_by_role("link", name="Keep training").click()
    page.get_by_role("link", name="Cancel training").click()
    page.get_by_role("button", name="Cancel training").click()
    expect(page.get_by_text("Cancellation requested.")).to_be_in_viewport()
    assert model.jobs.get().status == "cancelled"
    context.close()


def test_who_keeps_it_is_back_at_the_link(page, model):
    page.goto(page_of(model))
    opener = page.get_by_role("link", name="Cancel training")
    for close in ("Escape", "Enter"):
        opener.press("Enter")
        expect(page.get_by_role("dialog")).to_be_visible()
        page.keyboard.press(close)  # the first button keeps it
        expect(page.get_by_role("dialog")).to_be_hidden()
        expect(opener).to_be_focused()
    assert model.jobs.get().status == "queued"


@pytest.mark.parametrize(
    ("name", "text"), [("Send it again", "It is sent again."), ("Abandon", "Abandoned.")]
)
def test_the_keyboard_goes_to_what_came_of_an_unclear_training(page, owner, name, text):
    model = UserModelFactory(owner=owner, training=True)
    JobFactory(model=model, unknown=True)
    page.goto(page_of(model))
    page.get_by_role("link", name=name).press("Enter")
    page.get_by_role("dialog").get_by_role("button", name=name).press("Enter")
    expect_message(page, text)


def test_the_keyboard_goes_to_what_came_of_another_try(page, owner):
    describe_local_trainer()
    model = UserModelFactory(owner=owner, failed=True)
    TrainingImageFactory.create_batch(4, model=model)
    JobFactory(model=model, failed=True, error_code="run_failed")
    page.goto(page_of(model))
    page.get_by_role("button", name="Try again with the same photos").press("Enter")
    expect_message(page, "It starts again.")
    expect(page.locator("#progress-title")).to_be_in_viewport()


def test_a_button_that_goes_leaves_the_keyboard_at_the_progress(page, model):
    page.goto(page_of(model))
    opener = page.get_by_role("link", name="Cancel training")
    opener.focus()
    change(model.jobs.get(), status="finishing", run_id="ft-1", progress=1.0)
    update(page)
    expect(opener).to_have_count(0)
    expect(page.locator("#progress-title")).to_be_focused()


def test_a_question_that_nobody_needs_any_more_goes_and_leaves_the_keyboard_on_the_page(
    page, model
):
    page.goto(page_of(model))
    page.get_by_role("link", name="Cancel training").press("Enter")
    finish(model.jobs.get())
    update(page)
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("#live-body :focus")).to_have_count(1)
