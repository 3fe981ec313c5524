"""An open page while a training goes on: nothing moves, nothing goes back, and who does not see it
hears what matters and nothing else."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from models_app.models import UserModel
from tests.dashboard.open_trainings import (
    NOTE,
    begin,
    change,
    fail,
    finish,
    heard,
    moved,
    steps,
    update,
)
from tests.dashboard.rows import PICTURES, describe_local_trainer, stored_model
from tests.factories import GeneratedImageFactory, JobFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SIZES = [(1440, 900), (320, 640)]
MOST_MOVED = 0.02  # a tenth of what still counts as good (web.dev, Cumulative Layout Shift: 0.1)
HIDE = """(state) => {
  Object.defineProperty(document, "visibilityState", { configurable: true, value: state });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
SAID = '[data-live] > [role="status"]'


def page_of(model: UserModel) -> str:
    return reverse("dashboard:model", args=[model.pk])


def watch(page: Page, path: str) -> None:
    page.add_init_script(NOTE)
    page.goto(path)
    page.locator(SAID).wait_for(state="attached")


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_nothing_moves_from_the_first_event_until_the_model_is_ready(page, owner, width, height):
    page.set_viewport_size({"width": width, "height": height})
    model = begin(owner)
    watch(page, page_of(model))
    for _ in steps(model):
        update(page)
    expect(page.locator("h1 + .tag")).to_have_text("Ready")
    page.wait_for_timeout(300)
    total, shifts = moved(page)
    assert total < MOST_MOVED, shifts


@pytest.mark.parametrize("name", ["home", "models"])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_nothing_moves_among_cards_either(page, owner, width, height, name):
    page.set_viewport_size({"width": width, "height": height})
    for _ in range(3):
        begin(owner)
    model = begin(owner, name="Bea")
    watch(page, reverse(f"dashboard:{name}"))
    for _ in steps(model):
        update(page)
    expect(page.locator(f"#card-{model.pk} .tag").first).to_have_text("Just ready")
    total, shifts = moved(page)
    assert total < MOST_MOVED, shifts


def test_who_does_not_see_it_hears_each_stage_the_quarters_and_the_end(page, owner):
    model = begin(owner)
    watch(page, page_of(model))
    wanted: list[str] = []
    for stage in steps(model):
        update(page)
        if stage not in {"Sending", *wanted}:
            wanted.append(stage)
            expect(page.locator(f"{SAID} > p").last).to_have_text(f"Ann: {stage}")
    assert heard(page) == [f"Ann: {stage}" for stage in wanted]
    assert wanted == [
        "Waiting",
        "Training",
        "Training, 25 %",
        "Training, 50 %",
        "Training, 75 %",
        "Collecting",
        "Ready",
    ]


def test_a_page_that_was_hidden_says_the_newest_once(page, owner):
    model = begin(owner)
    job = model.jobs.get()
    watch(page, page_of(model))
    page.evaluate(HIDE, "hidden")
    for stage in steps(model):
        update(page)
        if stage == "Training, 50 %":
            break
    assert heard(page) == []
    page.evaluate(HIDE, "visible")
    expect(page.locator(f"{SAID} > p")).to_have_text(["Ann: Training", "Ann: Training, 50 %"])
    finish(job)
    page.reload()
    expect(page.locator(f"{SAID} > p")).to_have_text(["Ann: Ready"])
    page.reload()
    page.wait_for_timeout(1500)  # nothing comes, which takes as long as something would
    assert heard(page) == []


def test_a_failure_is_still_there_when_others_succeed(page, owner):
    first, second = begin(owner), begin(owner, name="Bea")
    watch(page, reverse("dashboard:home"))
    fail(first.jobs.get())
    update(page)
    expect(page.locator(f"{SAID} > p")).to_have_text(["Ann: Failed"])
    finish(second.jobs.get())
    update(page)
    expect(page.locator(f"{SAID} > p")).to_have_text(["Ann: Failed", "Bea: Just ready"])


def test_pictures_that_are_done_are_said_and_those_that_failed_too(page, owner):
    describe_local_trainer()
    model = stored_model(owner)
    making = {"model": model, "kind": "generation", "running": True, "payload": PICTURES}
    first, second = JobFactory(**making), JobFactory(**making)
    watch(page, page_of(model))
    for index in range(2):
        GeneratedImageFactory(model=model, job=first, index=index)
    change(first, status="succeeded", progress=1.0)
    update(page)
    expect(page.locator(f"{SAID} > p").last).to_have_text("on a boat: Done")
    change(second, status="failed", error_code="run_failed")
    update(page)
    expect(page.locator(f"{SAID} > p").last).to_have_text("on a boat: Failed")


def test_pictures_that_are_taken_back_are_said(page, owner):
    describe_local_trainer()
    model = stored_model(owner)
    job = JobFactory(model=model, kind="generation", payload=PICTURES)
    watch(page, page_of(model))
    change(job, status="cancelled")
    update(page)
    expect(page.locator(f"{SAID} > p")).to_have_text(["No picture was made."])


def test_an_answer_that_was_on_its_way_takes_no_number_back(page, owner):
    model = begin(owner)
    story = steps(model)
    for stage in story:
        if stage == "Training, 25 %":
            break
    old = page.request.get(reverse("dashboard:model_live", args=[model.pk])).text()
    next(story), next(story)
    page.goto(page_of(model))
    line = page.locator(".progress-percent")
    expect(line).to_have_text("36 %")
    page.route("**/live", lambda route: route.fulfill(body=old, content_type="text/html"))
    update(page)
    expect(line).to_have_text("36 %")
    page.unroute("**/live")
    next(story)
    update(page)
    expect(line).to_have_text("40 %")
