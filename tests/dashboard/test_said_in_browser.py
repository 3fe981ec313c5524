"""What is said to people who do not see the page."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from jobs.models import JobQueue
from tests.dashboard.test_studio_in_browser import finish_one, poll, ready, studio

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
__all__ = ["ready"]


def test_no_emoji_is_cut_in_two_where_a_prompt_is_too_long_to_be_said(page, ready):
    page.goto(studio(ready))
    page.get_by_label("What should the picture").fill(
        f"{'on a long way to the sea ' * 3}"[:59] + "🌊🌊🌊"
    )
    page.get_by_role("button", name="Make pictures").click()
    expect(page.get_by_role("progressbar", name="Making pictures")).to_be_visible()
    job = JobQueue.objects.get(kind="generation")
    JobQueue.objects.update(status="running", run_id="img-1", sent_at=timezone.now())
    poll(page)
    finish_one(job, 0, is_last=True)
    poll(page)
    said = page.get_by_role("status").get_by_text(": Done")
    expect(said).to_be_attached()
    expect(said).to_contain_text("🌊…: Done")
    assert said.evaluate("line => line.textContent.isWellFormed()")
