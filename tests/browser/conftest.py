"""A whole installation of real processes, and Chromium to look at it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.console import launched_chromium, without_errors
from tests.theway.launched import Launched, running

# Two shared cores run every service and the browser: patience, not slowness, is what is tested.
expect.set_options(timeout=20_000)


# No longer than its file: Playwright keeps an event loop running in this thread.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with launched_chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def installation(tmp_path_factory) -> Iterator[Launched]:
    """TheWay as `make run` starts it, with a trainer that takes a few seconds."""
    folder = tmp_path_factory.mktemp("installation")
    with running(folder, TRAINER_SECONDS="6", TRAINER_IMAGE_SECONDS="0.5") as launched:
        yield launched


@pytest.fixture
def visit(chromium, installation, request) -> Iterator[BrowserContext]:
    context = chromium.new_context(
        base_url=f"http://127.0.0.1:{installation.port}", viewport={"width": 1280, "height": 900}
    )
    context.set_default_timeout(20_000)
    with without_errors(context, request.node):
        yield context
    context.close()


@pytest.fixture
def page(visit) -> Page:
    return visit.new_page()
