"""How much the step of the photos moves while many of them arrive, measured by the browser."""

from __future__ import annotations

import colorsys
import io
import re

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.test_journey import click_continue, sign_up

pytestmark = [pytest.mark.browser, pytest.mark.service]
# Layout Instability (WICG): how much of the window moved how far, without what a person has just
# asked for. Google calls less than 0.1 good (web.dev/cls).
MOST = 0.02
WATCH = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const { hadRecentInput, value, sources } of list.getEntries()) {
    if (!hadRecentInput) window.shifts.push([value, sources.map(({ node }) => node?.outerHTML)]);
  }
}).observe({ type: "layout-shift", buffered: true });
"""
PATIENCE = 240_000  # milliseconds


def photo(number: int) -> dict[str, object]:
    """A small photo of a colour that no other has."""
    colour = tuple(round(255 * one) for one in colorsys.hsv_to_rgb(number / 50, 0.6, 0.8))
    buffer = io.BytesIO()
    Image.new("RGB", (640, 480), colour).save(buffer, "JPEG")
    name = f"IMG_{number:02}.jpg"
    return {"name": name, "mimeType": "image/jpeg", "buffer": buffer.getvalue()}


@pytest.fixture
def step(page: Page, request) -> Page:
    """The photos' step of a new draft; what moves on it is noted."""
    sign_up(page, f"wall{request.param[0]}@example.org")
    page.goto("/dashboard/models/new")
    page.get_by_label("Name", exact=True).fill("Blue mug")
    page.get_by_role("radio", name="Product").check(force=True)
    page.get_by_label("Trigger word").fill("bluemug_k7")
    click_continue(page)
    expect(page).to_have_url(re.compile("/photos$"))
    width, height, _ = request.param
    page.set_viewport_size({"width": width, "height": height})
    page.add_init_script(WATCH)
    page.reload()
    expect(page.locator("#drop-zone")).to_have_attribute("data-ready", "")
    return page


@pytest.mark.parametrize("step", [(320, 640, 50), (1440, 900, 23)], indirect=True)
def test_hardly_anything_moves_while_photos_arrive(step, request):
    count = request.node.callspec.params["step"][2]
    step.set_input_files("#photos", [photo(number) for number in range(count)])
    tiles = step.locator("#photo-grid > li .photo-frame")
    expect(tiles).to_have_count(count)
    tiles.first.evaluate("frame => frame.scrollIntoView()")  # where it would be seen
    expect(step.locator("#photo-grid > .photo-card")).to_have_count(count, timeout=PATIENCE)
    expect(step.locator("#upload-status")).to_contain_text(f"{count} photos uploaded.")
    shifts = step.evaluate("window.shifts")
    assert sum(value for value, _ in shifts) < MOST, shifts
