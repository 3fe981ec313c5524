"""A large photo, a connection that breaks and a page that is loaded again, in Chromium."""

from __future__ import annotations

import hashlib
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.console import launched_chromium
from tests.cutting_proxy import CuttingProxy, cutting_proxy
from tests.theway.served import Served, serve
from tests.theway.test_served_parts import forty_megabytes, left_behind

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc"),
]
MEBIBYTE = 1024 * 1024
PATIENCE = 120_000  # milliseconds, on a busy machine
COUNT_KEPT = """new Promise((resolve) => {
  indexedDB.open("theway-uploads").onsuccess = ({ target }) => {
    const store = target.result.transaction("files").objectStore("files");
    store.count().onsuccess = (event) => resolve(event.target.result);
  };
})"""
# What was lost of the part on its way, and all of it, as Chromium sends it again by itself,
# and some small change.
MOST_AGAIN = 17 * MEBIBYTE
WITHOUT_STORE = "Object.defineProperty(window, 'indexedDB', {get() { throw new Error('none') }})"


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[Served]:
    site = serve(tmp_path_factory.mktemp("served"))
    with closing(sqlite3.connect(site.folder / "db.sqlite3")) as db, db:
        query = "UPDATE models_app_usermodel SET name = ?, kind = ?, trigger_word = ?"
        db.execute(query, ["Ann", "style", "ann_k7"])
    yield site
    site.process.kill()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with launched_chromium() as browser:
        yield browser


@pytest.fixture
def proxy(served) -> Iterator[CuttingProxy]:
    with cutting_proxy(served.port) as proxy:
        yield proxy


@pytest.fixture
def page(served, proxy, chromium) -> Iterator[Page]:
    """The photos' step of the owner, behind the proxy."""
    url = f"http://127.0.0.1:{proxy.port}"
    context = chromium.new_context(base_url=url)
    name, _, value = served.owner_session.partition("=")
    context.add_cookies([{"name": name, "value": value, "url": url}])
    page = context.new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    yield page
    context.close()


def address(served: Served) -> str:
    return served.upload_path.removesuffix("/upload")


@pytest.fixture
def large(tmp_path, request) -> Path:
    """A photo of 40 MB, another one for each test."""
    path = tmp_path / "large.bmp"
    colours = {
        "cut": "teal",
        "away": "navy",
        "loaded": "olive",
        "keeps": "maroon",
        "killed": "gray",
    }
    colour = next(value for word, value in colours.items() if word in request.node.name)
    path.write_bytes(forty_megabytes(colour))
    return path


def is_stored(served: Served, file: Path) -> bool:
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    database = f"file:{served.folder / 'db.sqlite3'}?mode=ro"
    with closing(sqlite3.connect(database, uri=True)) as db:
        query = "SELECT count(*) FROM models_app_trainingimage WHERE sha256 = ?"
        return db.execute(query, [digest]).fetchone()[0] == 1


def expect_stored(page: Page, served: Served, file: Path, before: int) -> None:
    expect(page.locator("#photo-grid .photo-card")).to_have_count(before + 1, timeout=PATIENCE)
    expect(page.locator(".upload-card")).to_have_count(0)
    expect(page.locator("#unfinished")).to_be_hidden()
    assert is_stored(served, file)
    assert left_behind(served) == []


def shown(page: Page) -> int:
    return page.locator("#photo-grid .photo-card").count()


def expect_nothing_kept(page: Page) -> None:
    """The browser has none of the person's files any more."""
    page.wait_for_function(f"{COUNT_KEPT}.then((count) => count === 0)")


def cut_in_the_middle(page: Page, proxy: CuttingProxy, file: Path) -> None:
    """Have the connection break, and stay away, when a part of the file is on its way."""
    proxy.cut_after(20 * MEBIBYTE, stays_away=True)
    page.set_input_files("#photos", file)
    expect(page.locator('.upload-card[data-state="paused"]')).to_have_count(1, timeout=PATIENCE)
    assert proxy.cuts == 1


def test_a_connection_that_is_cut_once_is_gone_on_with_by_itself(page, served, proxy, large):
    page.goto(address(served))
    before = shown(page)
    proxy.cut_after(20 * MEBIBYTE)
    page.set_input_files("#photos", large)
    expect_stored(page, served, large, before)
    assert proxy.cuts == 1
    assert proxy.sent < large.stat().st_size + MOST_AGAIN


def test_while_the_connection_is_away_it_is_said_and_tried_again(page, served, proxy, large):
    page.goto(address(served))
    before = shown(page)
    cut_in_the_middle(page, proxy, large)
    note = page.locator(".upload-card [data-note]")
    expect(note).to_contain_text("It is sent again by itself")
    expect(page.locator("#upload-status")).to_contain_text("large.bmp")
    proxy.come_back()
    expect_stored(page, served, large, before)


def test_a_page_that_is_loaded_again_goes_on_without_being_asked(page, served, proxy, large):
    page.goto(address(served))
    before = shown(page)
    cut_in_the_middle(page, proxy, large)
    proxy.come_back()
    page.goto("about:blank")
    page.goto(address(served))
    expect_stored(page, served, large, before)
    assert proxy.sent < large.stat().st_size + MOST_AGAIN
    expect_nothing_kept(page)


def test_where_the_browser_keeps_nothing_the_file_is_chosen_again(page, served, proxy, large):
    page.add_init_script(WITHOUT_STORE)
    page.goto(address(served))
    before = shown(page)
    cut_in_the_middle(page, proxy, large)
    proxy.come_back()
    page.goto("about:blank")
    page.goto(address(served))
    card = page.locator("#unfinished li")
    expect(card.locator("[data-note]")).to_contain_text("% has arrived. Choose this file again")
    page.set_input_files("#photos", large)
    expect_stored(page, served, large, before)
    assert proxy.sent < large.stat().st_size + MOST_AGAIN


def test_a_server_that_is_killed_in_the_middle_gets_the_rest(page, served, proxy, large):
    page.goto(address(served))
    before = shown(page)
    cut_in_the_middle(page, proxy, large)
    served.process.kill()
    proxy.come_back()
    served.process.start()
    expect_stored(page, served, large, before)
