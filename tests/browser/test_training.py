"""An open page of a training on an installation of real processes: what the stream of updates
moves, and what of it is heard."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.test_journey import sign_up, start_training
from tests.dashboard.open_trainings import NOTE, heard, moved

pytestmark = [pytest.mark.browser, pytest.mark.service]

STAGES = ["Waiting", "Training", "Training, 25 %", "Training, 50 %", "Training, 75 %", "Collecting"]


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (320, 640)])
def test_the_stream_moves_nothing_and_says_each_stage_once(page, width, height):
    page.set_viewport_size({"width": width, "height": height})
    sign_up(page, f"heard-{width}@example.org")
    page.add_init_script(NOTE)
    start_training(page, "Ann", f"ann_k{width}")
    expect(page.locator("h1 + .tag")).to_contain_text("eady", timeout=60_000)
    ready = page.locator('[data-live] > [role="status"] > p', has_text="Ann: ")
    expect(ready.last).to_contain_text("eady")
    total, shifts = moved(page)
    assert total < 0.02, shifts
    said = [text.removeprefix("Ann: ") for text in heard(page) if text.startswith("Ann: ")]
    # A stage that is over within a moment is not worth a word.
    assert said[:-1] == [stage for stage in STAGES if stage in said]
