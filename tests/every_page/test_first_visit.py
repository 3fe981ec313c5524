"""What a first visit loads, with nothing kept by the browser: little, and never again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.console import launched_chromium
from tests.theway.served import Served, serve

pytestmark = [pytest.mark.browser, pytest.mark.service]

MOST_BYTES = 60_000
LOADED = """() => performance.getEntries()
  .filter(({ entryType }) => entryType === "navigation" || entryType === "resource")
  .map(({ name, transferSize }) => [new URL(name).pathname, transferSize])"""


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Iterator[Served]:
    """A site with its files collected, and packed where that makes them smaller."""
    site = serve(tmp_path_factory.mktemp("site"))
    yield site
    site.process.kill()


@pytest.fixture
def page(site) -> Iterator[Page]:
    with launched_chromium() as browser:
        yield browser.new_context(base_url=f"http://127.0.0.1:{site.port}").new_page()


def loaded(page: Page, path: str) -> dict[str, int]:
    """Return the bytes, heads included, of everything that opening a page loads, by its path."""
    page.goto(path)
    page.wait_for_load_state("networkidle")
    return dict(page.evaluate(LOADED))


def assert_small(sizes: dict[str, int]) -> None:
    largest = sorted(sizes.items(), key=lambda one: -one[1])
    assert sum(sizes.values()) < MOST_BYTES, f"{sum(sizes.values())}: {largest}"


def sign_in(page: Page, site: Served) -> None:
    name, _, value = site.owner_session.partition("=")
    url = f"http://127.0.0.1:{site.port}"
    page.context.add_cookies([{"name": name, "value": value, "url": url}])


@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/accounts/signup/"])
def test_a_first_visit_is_small(page, path):
    sizes = loaded(page, path)
    assert len(sizes) > 10
    assert_small(sizes)


@pytest.mark.parametrize("path", ["/dashboard/", "/dashboard/models", "/dashboard/models/new"])
def test_so_is_the_first_page_of_who_is_signed_in(page, site, path):
    sign_in(page, site)
    sizes = loaded(page, path)
    assert_small(sizes)


def test_a_second_page_loads_what_is_new_on_it_only(page, site):
    sign_in(page, site)
    first = loaded(page, "/dashboard/")
    again = loaded(page, "/dashboard/models")
    assert [path for path in first if path.startswith("/static/") and again.get(path)] == []
    assert again["/texts.js"] == 0
