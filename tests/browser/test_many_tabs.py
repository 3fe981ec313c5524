"""Many tabs of one browser: one stream of live updates for all of them, and none for nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.request import urlopen

import pytest
from playwright.sync_api import BrowserContext, Error, Page, expect

from tests.browser.test_journey import sign_up, start_training, wait_until_ready
from tests.theway.launched import Launched, running
from theway.processes.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.service]
TABS = 12  # a browser has six connections to a server
PERCENT = re.compile(r"^\d+ %")

# Headless Chromium shows every tab; this hides and shows a page as another tab in front would.
HIDEABLE = """
let shown = "visible";
Object.defineProperty(document, "visibilityState", { get: () => shown });
window.setShown = (state) => {
  shown = state;
  document.dispatchEvent(new Event("visibilitychange"));
};
"""


@pytest.fixture(scope="module")
def installation(tmp_path_factory) -> Iterator[Launched]:
    """TheWay with a trainer that takes as long as tabs take to open."""
    folder = tmp_path_factory.mktemp("installation")
    with running(folder, TRAINER_SECONDS="45", TRAINER_SLOTS="9") as launched:
        yield launched


def streams_of(installation: Launched) -> int:
    """Return how many streams are open at the server."""
    with urlopen(f"http://127.0.0.1:{installation.port}/metrics") as answer:
        found = re.search(r"^theway_live_streams (\d+)", answer.read().decode(), re.MULTILINE)
    assert found
    return int(found[1])


def assert_streams(installation: Launched, count: int) -> None:
    assert wait_until(lambda: streams_of(installation) == count, 30), streams_of(installation)


def tabs_of(visit: BrowserContext, address: str, count: int) -> list[Page]:
    tabs = [visit.new_page() for _ in range(count)]
    for tab in tabs:
        tab.goto(address)
        expect(tab).to_have_title(PERCENT)
    return tabs


def assert_moves(tab: Page) -> None:
    """The progress in the title changes, and nobody reloads the page."""
    expect(tab).not_to_have_title(tab.title(), timeout=60_000)  # others are trained before it


def test_twelve_tabs_are_all_up_to_date_over_one_stream(page, visit, installation):
    sign_up(page, "tabs@example.org")
    start_training(page, "Twelve", "twelve_k7")
    tabs = [page, *tabs_of(visit, page.url, TABS - 2)]
    home = visit.new_page()
    home.goto("/dashboard/")
    bar = home.locator(".model-card progress")
    before = bar.get_attribute("value")
    for tab in tabs:
        assert_moves(tab)
    expect(bar).not_to_have_attribute("value", str(before))
    assert_streams(installation, 1)

    wait_until_ready(installation, "Twelve")
    for tab in tabs:
        expect(tab.get_by_role("button", name="Make pictures")).to_be_visible()
    assert_streams(installation, 0)
    tabs[0].reload()
    expect(tabs[0].get_by_role("button", name="Make pictures")).to_be_visible()
    assert streams_of(installation) == 0


def test_a_hidden_page_holds_no_stream_and_misses_nothing(page, installation):
    page.add_init_script(HIDEABLE)
    sign_up(page, "hidden@example.org")
    start_training(page, "Hidden", "hidden_k7")
    assert_streams(installation, 1)
    page.evaluate("setShown('hidden')")
    assert_streams(installation, 0)
    before = page.title()
    wait_until_ready(installation, "Hidden")
    page.evaluate("window.neverReloaded = true")
    page.evaluate("setShown('visible')")
    expect(page.get_by_role("button", name="Make pictures")).to_be_visible()
    assert PERCENT.match(before)
    assert page.evaluate("window.neverReloaded") is True


def test_tabs_that_close_and_crash_leave_the_others_their_stream(page, visit, installation):
    sign_up(page, "crash@example.org")
    start_training(page, "Crash", "crash_k7")
    tabs = tabs_of(visit, page.url, 2)
    crashing = visit.new_page()
    crashing.goto(page.url)
    page.close()  # the tab that started the worker
    with pytest.raises(Error):
        crashing.goto("chrome://crash", timeout=5_000)
    for tab in tabs:
        assert_moves(tab)
    assert_streams(installation, 1)


def test_a_worker_that_dies_is_replaced(page, chromium, installation):
    sign_up(page, "worker@example.org")
    start_training(page, "Worker", "worker_k7")
    assert_streams(installation, 1)
    browser = chromium.new_browser_cdp_session()
    for target in browser.send("Target.getTargets")["targetInfos"]:
        if target["type"] == "shared_worker":
            browser.send("Target.closeTarget", {"targetId": target["targetId"]})
    assert_streams(installation, 0)
    assert_streams(installation, 1)
    assert_moves(page)


def sign_out(page: Page) -> None:
    page.locator("[data-menu] summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in").first).to_be_visible()


def test_signing_out_in_one_tab_ends_the_stream_and_every_page(page, visit, installation):
    sign_up(page, "out@example.org")
    start_training(page, "Out", "out_k7")
    [tab] = tabs_of(visit, page.url, 1)
    sign_out(page)
    expect(tab).to_have_url(re.compile("/accounts/login/"))
    assert_streams(installation, 0)


def test_signing_out_ends_pages_without_a_stream_too(page, visit, installation):
    sign_up(page, "idle@example.org")
    tab = visit.new_page()
    tab.goto("/dashboard/")
    assert streams_of(installation) == 0
    sign_out(page)
    expect(tab).to_have_url(re.compile("/accounts/login/"))


def test_a_browser_without_shared_workers_has_a_stream_too(page, installation):
    page.add_init_script("delete window.SharedWorker")
    sign_up(page, "phone@example.org")
    start_training(page, "Phone", "phone_k7")
    assert_moves(page)
    assert_streams(installation, 1)
    page.goto("about:blank")
    assert_streams(installation, 0)


# Nothing more is heard of a stream from the moment on that `isDead` is set.
DYING = """
window.EventSource = class extends EventSource {
  addEventListener(type, listen) {
    super.addEventListener(type, (event) => window.isDead || listen(event));
  }
};
"""


def test_a_stream_that_died_without_a_word_is_opened_again(page, installation):
    """As where a phone changes its network, or a router forgets a connection."""
    page.add_init_script("delete window.SharedWorker")  # only the page's clock can be moved
    page.add_init_script(DYING)
    page.clock.install()
    sign_up(page, "silent@example.org")
    start_training(page, "Silent", "silent_k7")
    assert_streams(installation, 1)
    page.evaluate("window.isDead = true")
    with page.expect_request("**/dashboard/events?*"):
        page.clock.run_for(60_000)
    page.evaluate("window.isDead = false")
    assert_streams(installation, 1)


def test_tabs_share_their_stream_however_often_a_laptop_slept(page, visit, installation):
    visit.clock.install()
    sign_up(page, "sleepy@example.org")
    start_training(page, "Sleepy", "sleepy_k7")
    own = []  # a page sees its own requests, and none of the worker that all share
    page.on("request", lambda request: "/dashboard/events?" in request.url and own.append(1))
    for _night in range(4):
        visit.clock.fast_forward(60_000)
        assert_moves(page)
    assert not own
