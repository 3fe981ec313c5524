"""An account's life in Chromium: confirmed by mail, a passkey, one-time codes, sessions."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from email import policy
from email.parser import Parser
from pathlib import Path

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.test_journey import PASSWORD, assert_well_made
from tests.console import without_errors
from tests.theway.launched import Launched, running

pytestmark = [pytest.mark.browser, pytest.mark.service]
EMAIL = "ann@example.org"


@pytest.fixture(scope="module")
def mails(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("mails")


@pytest.fixture(scope="module")
def installation(tmp_path_factory, mails) -> Iterator[Launched]:
    """TheWay with a mail server: a folder."""
    with running(
        tmp_path_factory.mktemp("installation"),
        EMAIL_URL=f"filemail:///{mails}",
        EMAIL_VERIFICATION="",
        DJANGO_ALLOWED_HOSTS="localhost,127.0.0.1",
    ) as launched:
        yield launched


@pytest.fixture
def visit(chromium, installation, request) -> Iterator[BrowserContext]:
    """Passkeys need a name: a bare IP address has none."""
    context = chromium.new_context(base_url=f"http://localhost:{installation.port}")
    context.set_default_timeout(20_000)
    with without_errors(context, request.node):
        yield context
    context.close()


def link_in_the_mail(mails: Path, subject: str) -> str:
    """Wait for a mail with this subject and return the path of its first link."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        for file in mails.iterdir():
            mail = Parser(policy=policy.default).parsestr(file.read_text().split("\n-----")[0])
            if mail["Subject"] == subject:
                return re.search(r"http://localhost:\d+(/\S+)", mail.get_content())[1]
        time.sleep(0.1)
    raise AssertionError(f"No mail “{subject}”")


def with_a_virtual_authenticator(page: Page) -> None:
    cdp = page.context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def say_the_password_again(page: Page) -> None:
    expect(page.get_by_role("heading", name="Confirm it's you")).to_be_visible()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()


def sign_out(page: Page) -> None:
    page.locator("[data-menu] summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in").first).to_be_visible()


def make_and_revoke_a_token(page: Page) -> None:
    page.goto("/account/")
    page.get_by_role("link", name="Open Tokens").click()
    expect(page.get_by_text("None yet.")).to_be_visible()
    assert_well_made(page)
    page.get_by_label("Name").fill("Script-with-a-name-that-has-no-place-to-break-" + "x" * 14)
    page.get_by_role("button", name="Make a token").click()
    expect(page.get_by_role("heading", name="Your new token")).to_be_visible()
    field = page.locator("#new-token")
    expect(field).to_have_value(re.compile(r"^tw_[\w-]{43}$"))
    assert_well_made(page)
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    assert_well_made(page)
    page.reload()  # sends the form again
    expect(page.get_by_text("That token was shown once")).to_be_visible()
    assert_well_made(page)
    expect(page.get_by_text("never used")).to_have_count(1)
    page.get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("is revoked")).to_be_visible()
    expect(page.get_by_role("button", name="Revoke")).to_have_count(0)
    assert_well_made(page)
    page.emulate_media(color_scheme="light")  # without motion, so that it is there at once
    assert_well_made(page)
    page.emulate_media(reduced_motion="no-preference")


def test_from_a_confirmed_address_to_a_second_step(page, mails):
    with_a_virtual_authenticator(page)
    page.goto("/accounts/signup/")
    page.locator("input[name=email]").fill(EMAIL)
    page.locator("input[name=password1]").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("heading", name="Check your email")).to_be_visible()
    assert_well_made(page)
    page.goto(link_in_the_mail(mails, "Confirm your address for TheWay"))
    assert_well_made(page)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Confirm and sign in").click()
    expect(page).to_have_url(re.compile("/dashboard/"))

    page.goto("/account/")
    assert_well_made(page)
    page.get_by_role("link", name="Add passkey").click()
    say_the_password_again(page)
    expect(page.get_by_role("heading", name="Add passkey")).to_be_visible()
    assert_well_made(page)
    page.get_by_label("Name").fill("This laptop")
    page.get_by_role("button", name="Add passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.get_by_role("button", name="Show codes").click()
    expect(page.locator(".recovery-codes li")).to_have_count(10)
    assert_well_made(page)
    page.get_by_role("link", name="I have saved them").click()
    expect(page.get_by_text("This laptop", exact=True).first).to_be_visible()
    assert_well_made(page)

    page.get_by_role("link", name="Turn on One-time codes").click()
    expect(page.locator("img.qr")).to_be_visible()
    assert_well_made(page)
    secret = page.locator("code").first.inner_text()
    counter = int(time.time()) // 30
    page.get_by_label("Authenticator code").fill(format_hotp_value(hotp_value(secret, counter)))
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_text("One-time codes are on.")).to_be_visible()

    make_and_revoke_a_token(page)

    sign_out(page)
    page.goto("/accounts/login/")
    assert_well_made(page)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page).to_have_url(re.compile("/dashboard/"))

    sign_out(page)
    page.goto("/accounts/login/")
    page.locator("input[name=login]").fill(EMAIL)
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Second step")).to_be_visible()
    assert_well_made(page)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(re.compile("/dashboard/"))

    page.goto("/account/")
    page.get_by_text("Latest sign-ins").click()
    expect(page.get_by_role("cell", name="Signed in")).to_have_count(3)
    assert_well_made(page)
