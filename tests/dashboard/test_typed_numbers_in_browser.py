"""Numbers as people type them: with a comma, with a unit, with the wheel turning over them."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from playwright.sync_api import Page, expect

from jobs.models import JobQueue
from models_app.models import UserModel
from models_app.numbers import WholeNumberField
from tests.dashboard.rows import describe_local_trainer, stored_model
from tests.dashboard.wizard_drafts import address, draft, trainer_answered

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SEEN_AGAIN = "document.dispatchEvent(new Event('visibilitychange'))"


@pytest.fixture
def ready(owner) -> UserModel:
    describe_local_trainer()
    return stored_model(owner, name="Ann")


def studio(page: Page, model: UserModel) -> None:
    page.goto(reverse("dashboard:model", args=[model.pk]))
    page.wait_for_load_state()
    page.get_by_label("What should the picture").fill("in the sun")
    page.locator("#fold-more > summary").click()


def settings_of(page: Page, owner) -> UserModel:
    trainer_answered()
    model = draft(owner, photos=4)
    page.goto(address(model, "training"))
    page.wait_for_load_state()
    page.get_by_text("Advanced settings").click()
    return model


def test_the_wheel_turns_no_number(page, ready):
    studio(page, ready)
    field = page.locator("#id_strength")
    field.click()
    with page.expect_event("console", lambda said: said.text == "turned"):
        page.evaluate(
            "addEventListener('scroll', () => console.log('turned'), { once: true, capture: true })"
        )
        page.mouse.wheel(0, 60)
    expect(field).to_have_value("1.0")


def test_a_comma_is_a_point(page, ready):
    studio(page, ready)
    field = page.locator("#id_strength")
    field.fill("")
    field.press_sequentially("0,8")
    page.get_by_role("button", name="Make pictures").click()
    expect(page.get_by_role("heading", name="in the sun")).to_be_visible()
    assert JobQueue.objects.get(kind="generation").payload["strength"] == 0.8


@pytest.mark.console_errors("422")
def test_what_is_wrong_within_a_fold_is_shown(page, ready):
    studio(page, ready)
    page.locator("#id_strength").fill("9")
    page.locator("#fold-more > summary").click()
    page.get_by_role("button", name="Make pictures").click()
    field = page.locator("#id_strength")
    expect(field).to_be_focused()
    expect(field).to_have_value("9")
    expect(page.locator("#id_strength_error")).to_contain_text("1.5")
    assert not JobQueue.objects.filter(kind="generation").exists()


def test_what_is_no_number_is_not_saved_as_nothing(page, owner):
    model = settings_of(page, owner)
    field = page.locator("#id_epochs")
    field.fill("40")
    expect(page.locator("#saved")).to_have_text("Saved")
    field.fill("40 epochs")
    expect(page.locator("#id_epochs_error")).to_have_text("Enter a whole number.")
    expect(page.locator("#saved")).to_have_text("Saved")
    page.reload()
    expect(field).to_have_value("40 epochs")
    model.refresh_from_db()
    assert model.options["epochs"] == 40


def test_a_rate_with_a_comma_is_saved_and_stays_as_it_is_typed(page, owner):
    model = settings_of(page, owner)
    field = page.locator("#id_learning_rate")
    field.press_sequentially("0,0003")
    expect(page.locator("#saved")).to_have_text("Saved")
    with page.expect_response(lambda reply: reply.request.method == "POST"):
        page.evaluate(SEEN_AGAIN)
    expect(page.locator(".elsewhere, [data-clash]")).to_have_count(0)
    expect(page.locator("#id_learning_rate_error")).to_be_empty()
    model.refresh_from_db()
    assert model.options["learning_rate"] == 0.0003


@pytest.mark.parametrize("text", ["1.000", "1,000", "1 000", "40 epochs"])
def test_a_thousand_is_not_taken_for_one(text):
    """By its dot or comma it is one to some people and a thousand to others."""
    with pytest.raises(ValidationError):
        WholeNumberField().clean(text)


@pytest.mark.parametrize("text", ["40", " 40 ", "40.", "40.0"])
def test_a_whole_number_may_end_in_a_point(text):
    assert WholeNumberField().clean(text) == 40
