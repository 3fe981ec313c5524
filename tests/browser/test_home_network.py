"""Plain http at a name of the home network, where browsers leave out what they trust https with."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser.test_journey import PASSWORD
from tests.console import launched_chromium, without_errors
from tests.theway.launched import Launched, running
from theway.processes.installation import ROOT
from theway.processes.ports import unused_port

pytestmark = [pytest.mark.browser, pytest.mark.service]
EMAIL = "ann@example.org"
NAME = "photos.home.example"
FOR_ALL = ("/", "/accounts/signup/", "/accounts/password/reset/", "/accounts/login/")
OWN = ("/dashboard/", "/dashboard/models/new", "/account/", "/dashboard/data")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with launched_chromium(f"--host-resolver-rules=MAP {NAME} 127.0.0.1") as browser:
        yield browser


@pytest.fixture(scope="module")
def installation(tmp_path_factory) -> Iterator[Launched]:
    port = unused_port()
    folder = tmp_path_factory.mktemp("home")
    with running(folder, port=port, PUBLIC_URL=f"http://{NAME}:{port}") as launched:
        subprocess.run(
            [sys.executable, "manage.py", "createsuperuser", "--no-input", "--email", EMAIL],
            cwd=ROOT,
            env=dict(launched.env or {}) | {"DJANGO_SUPERUSER_PASSWORD": PASSWORD},
            check=True,
        )
        yield launched


@pytest.fixture
def visit(chromium, installation, request) -> Iterator[BrowserContext]:
    context = chromium.new_context(base_url=f"http://{NAME}:{installation.port}")
    context.set_default_timeout(20_000)
    with without_errors(context, request.node):
        yield context
    context.close()


def test_every_page_works_without_https(page):
    for path in FOR_ALL:
        assert page.goto(path).status == 200
        assert not page.evaluate("window.isSecureContext")
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()
    page.goto("/accounts/login/")
    page.locator("input[name=login]").fill(EMAIL)
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).to_have_url(re.compile("/dashboard/"))
    for path in OWN:
        assert page.goto(path).status == 200
