"""What people, their browsers and what helps them make of open pages: keyboards, screen readers,
translators, clocks that are wrong, connections that are stopped."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from models_app.models import UserModel
from tests.dashboard.in_browser import open_photo
from tests.dashboard.rows import describe_local_trainer, stored_model
from tests.dashboard.wizard_drafts import address, draft
from tests.factories import JobFactory, UserModelFactory
from theway.processes.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# What the translators of browsers do: every text goes into elements of their own, except where
# the page forbids it (HTML standard, the translate attribute).
TRANSLATE = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) texts.push(walker.currentNode);
  for (const text of texts) {
    const kept = text.parentElement.closest("[translate=no], script, textarea");
    if (kept || !text.data.trim()) continue;
    const outer = document.createElement("font");
    outer.append(Object.assign(document.createElement("font"), { textContent: `⁑${text.data}` }));
    text.replaceWith(outer);
  }
}"""
CLICK = "document.querySelector('#studio-form button[type=submit]').click()"
POLL = "document.body.dispatchEvent(new CustomEvent('live:poll'))"


def page_of(model: UserModel) -> str:
    return reverse("dashboard:model", args=[model.pk])


def training_of(owner) -> UserModel:
    describe_local_trainer()
    model = UserModelFactory(owner=owner, training=True, name="Ann", trigger_word="ann_k7")
    JobFactory(model=model, running=True, step=1, total_steps=100)
    return model


def finish(model: UserModel) -> None:
    model.jobs.update(status="succeeded", finished_at=timezone.now())
    UserModel.objects.filter(pk=model.pk).update(
        status="ready", ready_at=timezone.now(), weights="weights/a.safetensors", weights_sha256="a"
    )


def poll(page: Page) -> None:
    with page.expect_response("**/live"):
        page.evaluate(POLL)


def test_the_end_of_a_training_is_said_to_who_does_not_see_it(page, owner):
    model = training_of(owner)
    page.goto(page_of(model))
    said = page.locator('[data-live] > [role="status"]')
    model.jobs.update(step=50)
    poll(page)
    expect(page.locator("#live-progress")).to_contain_text("50 of 100")
    expect(said).to_have_text("")  # every step would be too much
    finish(model)
    poll(page)
    expect(said).to_contain_text("Ready")
    expect(said).to_contain_text("Ann")


@pytest.mark.parametrize("hours", [2, -2])
def test_times_are_right_on_a_device_whose_clock_is_wrong(page, owner, hours):
    model = training_of(owner)
    model.jobs.update(created_at=timezone.now() - timedelta(minutes=7, seconds=10))
    page.clock.install(time=timezone.now() + timedelta(hours=hours))
    page.goto(reverse("dashboard:activity"))
    page.clock.run_for(2000)
    expect(page.locator("time[data-time=past]").first).to_have_text("7 min ago")


def test_translators_leave_peoples_own_words_and_codes_alone(page, owner):
    model = stored_model(owner, name="Ann", trigger_word="ann_k7")
    page.goto(page_of(model))
    page.evaluate(TRANSLATE)
    expect(page.locator("h1")).to_have_text("Ann")
    expect(page.locator("#settings code")).to_have_text("ann_k7")
    expect(page.get_by_text(model.weights_sha256, exact=True)).to_be_attached()
    expect(page.locator("#studio-title")).to_have_text("⁑Make pictures")


def test_a_translated_time_is_not_written_anew_every_second(page, owner):
    model = stored_model(owner)
    UserModel.objects.filter(pk=model.pk).update(ready_at=timezone.now() - timedelta(days=3))
    page.clock.install()
    page.goto(page_of(model))
    page.evaluate(TRANSLATE)
    page.clock.run_for(5000)
    ready = page.locator('[aria-labelledby="weights-title"] time')
    expect(ready).to_have_text("⁑3 days ago")


def test_a_translated_page_is_kept_up_to_date(page, owner):
    model = training_of(owner)
    page.goto(page_of(model))
    page.evaluate(TRANSLATE)
    model.jobs.update(step=50)
    poll(page)
    expect(page.locator("#live-progress dd").first).to_have_text("50 of 100")
    finish(model)
    poll(page)
    expect(page.get_by_role("heading", name="Make pictures")).to_be_visible()
    assert page.locator("#live-progress").count() == 0


def test_the_keyboard_stays_among_the_photos_when_one_is_removed(page, owner):
    model = draft(owner, photos=3)
    page.goto(address(model, "photos"))
    page.wait_for_load_state()
    first, second, third = model.photos.all()
    open_photo(page, second)
    for removed, focused in ((second, third), (third, first)):
        page.locator(f"#remove-{removed.pk}").press("Enter")
        expect(page.locator(f"#remove-{focused.pk}")).to_be_focused()
        expect(page.locator("#wall-status")).to_contain_text("was removed")
    page.locator(f"#remove-{first.pk}").press("Enter")
    expect(page.locator("[data-choose]")).to_be_focused()


def test_who_stops_a_page_that_does_not_answer_can_send_the_form_again(page, owner):
    sent: list[Route] = []

    def stop(route: Route) -> None:
        sent.append(route)
        route.fulfill(status=204)  # the page stays, as when loading is stopped

    model = stored_model(owner)
    describe_local_trainer()
    page.clock.install()
    page.goto(page_of(model))
    page.route("**/generate", stop)
    page.get_by_label("What should the picture").fill("in the sun")
    button = page.get_by_role("button", name="Make pictures")
    button.focus()
    page.evaluate(CLICK)
    page.evaluate(CLICK)
    expect(button).to_have_attribute("aria-busy", "true")
    expect(button).to_be_focused()
    page.clock.run_for(10_000)
    expect(button).not_to_have_attribute("aria-busy", "true")
    assert len(sent) == 1, "the second of two quick clicks is sent"
    page.evaluate(CLICK)
    expect(button).to_have_attribute("aria-busy", "true")
    assert wait_until(lambda: page.wait_for_timeout(20) or len(sent) == 2, 10)
