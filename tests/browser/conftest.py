"""A whole installation of real processes, and Chromium to look at it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.theway.launched import Launched

# Two shared cores run every service and the browser: patience, not slowness, is what is tested.
expect.set_options(timeout=20_000)
NAMES = ("chromium", "chromium-browser", "google-chrome")


# No longer than its file: Playwright keeps an event loop running in this thread.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        if os.environ.get("THEWAY_REQUIRE_SERVICES"):
            pytest.fail("Chromium is not installed")
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def installation(tmp_path_factory) -> Iterator[Launched]:
    """TheWay as `make run` starts it, with a trainer that takes a few seconds."""
    launched = Launched(
        tmp_path_factory.mktemp("installation"), TRAINER_SECONDS="6", TRAINER_IMAGE_SECONDS="0.5"
    )
    try:
        launched.wait_for("Open http://127.0.0.1:")
        yield launched
    finally:
        launched.kill()
        launched.wait_until_gone()


@pytest.fixture
def visit(chromium, installation) -> Iterator[BrowserContext]:
    context = chromium.new_context(
        base_url=f"http://127.0.0.1:{installation.port}", viewport={"width": 1280, "height": 900}
    )
    context.set_default_timeout(20_000)
    yield context
    context.close()


@pytest.fixture
def page(visit) -> Iterator[Page]:
    """A page on which nothing may go wrong unseen: no error, nothing the policy forbids."""
    page = visit.new_page()
    wrong: list[str] = []
    page.on("console", lambda said: said.type == "error" and wrong.append(said.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield page
    assert wrong == []
