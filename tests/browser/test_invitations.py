"""An invitation in Chromium: made by an operator, copied, opened on a phone, used once."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.test_journey import PASSWORD, assert_well_made
from tests.theway.launched import Launched, running
from theway.processes.installation import ROOT, installation_environment

pytestmark = [pytest.mark.browser, pytest.mark.service]
OPERATOR = "operator@example.org"


@pytest.fixture(scope="module")
def installation(tmp_path_factory) -> Iterator[Launched]:
    """TheWay with sign-up closed."""
    with running(tmp_path_factory.mktemp("installation"), SIGNUP_OPEN="false") as launched:
        yield launched


def make_operator(installation: Launched) -> None:
    environment = installation_environment(
        installation.folder, port=installation.port, trainer_port=installation.trainer_port
    )
    subprocess.run(
        [sys.executable, "manage.py", "createsuperuser", "--noinput", "--email", OPERATOR],
        cwd=ROOT,
        env=os.environ | environment | {"DJANGO_SUPERUSER_PASSWORD": PASSWORD},
        check=True,
        capture_output=True,
    )


def made_link(page) -> str:
    """Sign in as the operator, invite somebody, copy the link, and return what was copied."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/accounts/login/?next=/admin/accounts/invitation/add/")
    page.locator("input[name=login]").fill(OPERATOR)
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.locator("input[name=email]").fill("ann@example.org")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("status")).to_have_text("Copied")
    return str(page.evaluate("navigator.clipboard.readText()"))


def test_from_the_operators_click_to_the_invited_persons_first_page(page, installation, chromium):
    make_operator(installation)
    path = urlsplit(made_link(page)).path
    phone = chromium.new_context(
        base_url=f"http://127.0.0.1:{installation.port}", viewport={"width": 390, "height": 844}
    )
    invited = phone.new_page()
    referrers: list[str | None] = []
    invited.on("request", lambda request: referrers.append(request.headers.get("referer")))

    invited.goto("/accounts/signup/")
    expect(invited.get_by_role("heading", name="Accounts by invitation")).to_be_visible()
    assert_well_made(invited)
    invited.goto(path)
    expect(invited.get_by_role("heading", name="You're invited")).to_be_visible()
    expect(invited).to_have_title("Create account · TheWay")
    assert_well_made(invited)
    expect(invited.locator("input[name=email]")).to_have_value("ann@example.org")
    expect(invited.locator("input[name=email]")).not_to_be_editable()
    invited.locator("input[name=password1]").fill("short")
    invited.get_by_role("button", name="Create account").click()
    expect(invited.locator(".error").first).to_be_visible()
    assert_well_made(invited)
    invited.locator("input[name=password1]").fill(PASSWORD)
    invited.get_by_role("button", name="Create account").click()
    expect(invited).to_have_url(re.compile("/dashboard/$"))
    assert not [name for name in referrers if name and "invitation" in name]

    invited.goto(path)
    expect(invited.get_by_role("heading", name="You have an account")).to_be_visible()
    assert_well_made(invited)
    phone.clear_cookies()
    assert invited.goto(path).status == 404
    expect(invited.get_by_role("heading", name="This invitation doesn't work")).to_be_visible()
    assert_well_made(invited)
    phone.close()
    assert path.split("/")[-2] not in installation.log
