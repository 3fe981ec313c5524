"""The configuration checks: each names what is wrong; a valid configuration passes."""

from __future__ import annotations

import pytest
from django.core.checks import run_checks

from accounts.allowances import Limit
from theway import checks

LOCAL = {"base_url": "http://127.0.0.1:8100", "api_key": "local"}


def ids(messages) -> list[str]:
    return [message.id for message in messages]


@pytest.mark.parametrize("address", ["theway.example.org", "https://", "https://x.org/app"])
def test_a_public_url_that_is_no_origin_is_refused(settings, address):
    settings.PUBLIC_URL = address
    assert ids(checks.public_url_is_an_origin(None)) == ["theway.E001"]


@pytest.mark.parametrize("address", ["", "https://theway.example.org", "http://10.0.0.2:8000"])
def test_a_public_url_that_is_an_origin_is_fine(settings, address):
    settings.PUBLIC_URL = address
    assert checks.public_url_is_an_origin(None) == []


def test_hosts_beyond_this_machine_need_a_public_url(settings):
    settings.DEBUG, settings.PUBLIC_URL = False, ""
    settings.ALLOWED_HOSTS = ["localhost", "theway.example.org"]
    assert ids(checks.public_hosts_have_a_public_url(None)) == ["theway.E002"]
    settings.PUBLIC_URL = "https://theway.example.org"
    assert checks.public_hosts_have_a_public_url(None) == []


def test_this_machine_alone_needs_no_public_url(settings):
    settings.DEBUG, settings.PUBLIC_URL = False, ""
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
    assert checks.public_hosts_have_a_public_url(None) == []


@pytest.mark.parametrize(
    ("mail", "verification", "signup", "found"),
    [
        (False, "none", True, ["theway.E003"]),
        (False, "none", False, []),
        (True, "none", True, ["theway.E004"]),
        (True, "mandatory", True, []),
    ],
)
def test_a_public_site_confirms_addresses(settings, mail, verification, signup, found):
    settings.MAIL_IS_SET_UP, settings.ACCOUNT_EMAIL_VERIFICATION = mail, verification
    settings.SIGNUP_OPEN, settings.SITE_IS_PUBLIC = signup, True
    assert ids(checks.public_accounts_are_confirmed(None)) == found
    settings.SITE_IS_PUBLIC = False
    assert checks.public_accounts_are_confirmed(None) == []


def test_the_check_runs_before_anything_starts_and_names_a_wrong_provider(settings):
    settings.PROVIDERS = {"local": {"base_url": "127.0.0.1:8100", "api_key": "local"}}
    assert ids(run_checks(tags=[checks.INSTALLATION])) == ["theway.E012"]
    settings.PROVIDERS = {"local": LOCAL}
    assert run_checks(tags=[checks.INSTALLATION]) == []


@pytest.mark.parametrize("hosts", [["*"], ["localhost", "*"], ["*.example.org"]])
def test_hosts_have_to_be_named(settings, hosts):
    settings.ALLOWED_HOSTS = hosts
    assert ids(checks.hosts_are_named(None)) == ["theway.E005"]
    settings.ALLOWED_HOSTS = ["theway.example.org"]
    assert checks.hosts_are_named(None) == []


@pytest.mark.parametrize(
    ("public", "signup", "limit", "found"),
    [
        (True, True, None, ["theway.E006"]),
        (True, True, 20, []),
        (True, True, 0, []),
        (True, False, None, []),
        (False, True, None, []),
    ],
)
def test_open_sign_up_on_a_public_site_needs_every_limit(settings, public, signup, limit, found):
    settings.SITE_IS_PUBLIC, settings.SIGNUP_OPEN = public, signup
    for one in Limit:
        setattr(settings, one.setting, 10)
    settings.LIMIT_DRAFTS = limit
    messages = checks.open_accounts_are_limited(None)
    assert ids(messages) == found
    assert all("LIMIT_DRAFTS" in message.msg for message in messages)


@pytest.mark.parametrize(
    ("public", "signup", "everybody", "person", "found"),
    [
        (True, True, None, None, ["theway.E007", "theway.W003"]),
        (True, True, None, 10, ["theway.E007"]),  # any number of accounts may spend so much each
        (True, True, 50, None, ["theway.W003"]),
        (True, True, 50, 10, []),
        (True, True, 0, 0, []),
        (True, False, None, None, []),
        (False, True, None, None, []),
    ],
)
def test_open_sign_up_on_a_public_site_needs_a_budget(
    settings, public, signup, everybody, person, found
):
    settings.SITE_IS_PUBLIC, settings.SIGNUP_OPEN = public, signup
    settings.BUDGET_USD, settings.BUDGET_PER_PERSON_USD = everybody, person
    assert ids(checks.open_accounts_have_budgets(None)) == found


def test_a_missing_budget_fails_the_deploy_check(settings):
    settings.SITE_IS_PUBLIC, settings.SIGNUP_OPEN, settings.BUDGET_USD = True, True, None
    found = run_checks(tags=["security"], include_deployment_checks=True)
    assert "theway.E007" in ids(message for message in found if message.is_serious())
    assert "theway.E007" not in ids(run_checks())
