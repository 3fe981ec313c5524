"""Samples come to an open page, open large, and fit a phone; so does what fits a graphics card."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Page, expect

from jobs.events import note
from providers.catalog import FLUX1_DEV, FLUX2_KLEIN_4B
from tests.dashboard.wizard_drafts import address, draft, trainer_answered
from tests.factories import JobFactory, TrainingSampleFactory, UserModelFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = {"width": 320, "height": 640}
POLL = "document.body.dispatchEvent(new CustomEvent('live:poll'))"


def is_sound(page: Page) -> None:
    """Nothing scrolls sideways, and axe has nothing to say."""
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_samples_come_to_an_open_page_and_open_large(page, owner):
    page.set_viewport_size(PHONE)
    model = UserModelFactory(owner=owner, training=True, name="Ann")
    job = JobFactory(model=model, running=True, engine="diffusers", step=1, total_steps=100)
    page.goto(reverse("dashboard:model", args=[model.pk]))
    samples = page.locator("#live-samples")
    expect(samples).to_contain_text("two samples appear here")
    is_sound(page)
    for number in (0, 1):
        TrainingSampleFactory(model=model, job=job, step=1250, number=number)
    note(job, "New samples: step %(step)d.", step=1250)
    with page.expect_response("**/live"):
        page.evaluate(POLL)
    expect(samples.get_by_role("heading", name="Step 1,250")).to_be_visible()
    expect(samples.get_by_role("img")).to_have_count(2)
    is_sound(page)
    samples.get_by_role("link").first.click()
    large = page.locator("#lightbox")
    expect(large).to_be_visible()
    expect(large).to_contain_text("photo of ann_k1")


def test_what_fits_and_what_does_not_fits_a_phone(page, owner):
    page.set_viewport_size(PHONE)
    trainer_answered(
        engine="diffusers",
        can_train=[FLUX1_DEV, FLUX2_KLEIN_4B],
        fits={
            FLUX1_DEV: {"fits": False, "words": "It needs 11 GB.", "seconds_per_step": None},
            FLUX2_KLEIN_4B: {"fits": True, "words": "At 768 pixels.", "seconds_per_step": 0.7},
        },
    )
    page.goto(address(draft(owner, photos=5), "training"))
    expect(page.get_by_text("Does not fit")).to_be_visible()
    expect(page.get_by_text("It needs 11 GB.")).to_be_visible()
    expect(page.get_by_text("At 768 pixels.")).to_be_visible()
    is_sound(page)
