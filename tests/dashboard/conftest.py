"""Chromium, signed in at a server that shares the test's database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.console import launched_chromium, without_errors
from tests.dashboard.in_browser import sign_in

expect.set_options(timeout=20_000)  # patience on a busy machine, not slowness, is what is tested


@pytest.fixture
def chromium(monkeypatch) -> Iterator[Browser]:
    # Playwright runs an event loop in this thread, which makes Django fear for its queries.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with launched_chromium() as browser:
        yield browser


@pytest.fixture
def visit(chromium, live_server, request) -> Iterator[BrowserContext]:
    """A visitor of the site on whose pages nothing may go wrong."""
    context = chromium.new_context(base_url=live_server.url)
    with without_errors(context, request.node):
        yield context
    context.close()


@pytest.fixture
def page(visit, live_server, owner) -> Page:
    """A page of the owner."""
    sign_in(visit, owner, live_server.url)
    return visit.new_page()
