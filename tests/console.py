"""Nothing goes wrong unseen in a browser: an error in any page's console fails the test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")


@contextmanager
def launched_chromium(*arguments: str) -> Iterator[Browser]:
    """Chromium with these arguments, or a skipped test where there is none."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        if os.environ.get("THEWAY_REQUIRE_SERVICES"):
            pytest.fail("Chromium is not installed")
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", *arguments]
        )
        yield browser
        browser.close()


@contextmanager
def without_errors(context: BrowserContext, test: pytest.Item) -> Iterator[None]:
    """Fail on every error that a console shows, and on every exception of a script.

    What the site's policy forbids is such an error too. Parts of those that a test brings about
    are named with the mark `console_errors`.
    """
    mark = test.get_closest_marker("console_errors")
    named = mark.args if mark else ()
    wrong: list[str] = []
    context.on("console", lambda said: said.type == "error" and wrong.append(said.text))
    context.on("weberror", lambda error: wrong.append(str(error.error)))
    yield
    assert [text for text in wrong if not any(part in text for part in named)] == []
