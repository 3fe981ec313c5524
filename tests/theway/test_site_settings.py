"""What the settings conclude from the environment about who reaches the site."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from accounts.allowances import Limit

NAMES = [
    "SITE_IS_PUBLIC",
    "MAIL_IS_SET_UP",
    "ACCOUNT_EMAIL_VERIFICATION",
    "SIGNUP_OPEN",
    "SITE_ORIGIN",
]
SHOW = f"import json, theway.settings as s; print(json.dumps([getattr(s, n) for n in {NAMES}]))"
QUIET = {
    "PUBLIC_URL": "",
    "WEB_HOST": "",
    "PORT": "8000",
    "DJANGO_ALLOWED_HOSTS": "localhost,127.0.0.1,[::1]",
    "EMAIL_URL": "consolemail://",
    "EMAIL_VERIFICATION": "",
}
SMTP = "smtp+tls://user:secret@smtp.example.org:587"
HERE = "http://localhost:8000"


@pytest.mark.parametrize(
    ("environment", "concluded"),
    [
        ({}, [False, False, "none", True, HERE]),
        ({"EMAIL_URL": SMTP}, [False, True, "mandatory", True, HERE]),
        (
            {"PUBLIC_URL": "https://x.example.org"},
            [True, False, "none", False, "https://x.example.org"],
        ),
        (
            {"PUBLIC_URL": "https://x.example.org", "EMAIL_URL": SMTP},
            [True, True, "mandatory", False, "https://x.example.org"],
        ),
        (
            {"PUBLIC_URL": "https://x.example.org", "SIGNUP_OPEN": "true"},
            [True, False, "none", True, "https://x.example.org"],
        ),
        ({"DJANGO_ALLOWED_HOSTS": "192.0.2.1"}, [True, False, "none", False, HERE]),
        # Listening for others is enough: they can send any Host header.
        ({"WEB_HOST": "0.0.0.0"}, [True, False, "none", False, HERE]),  # noqa: S104
    ],
)
def test_the_settings_know_who_reaches_the_site(environment, concluded, tmp_path):
    inherited = {name: value for name, value in os.environ.items() if name != "SIGNUP_OPEN"}
    environment = inherited | QUIET | environment | {"THEWAY_DATA_DIR": str(tmp_path)}
    shown = subprocess.run(
        [sys.executable, "-c", SHOW], env=environment, capture_output=True, text=True, check=True
    )
    assert json.loads(shown.stdout) == concluded


def shown_with(tmp_path, name: str, **environment: str) -> object:
    """Return a setting of a site with this environment."""
    show = f"import json, theway.settings as s; print(json.dumps(s.{name}))"
    environment = dict(os.environ) | QUIET | environment | {"THEWAY_DATA_DIR": str(tmp_path)}
    command = [sys.executable, "-c", show]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://x.example.org", "x.example.org"),
        ("https://X.Example.org:8443", "x.example.org"),
        ("http://[2001:db8::1]:8000", "[2001:db8::1]"),
        ("https://münchen.example", "xn--mnchen-3ya.example"),
    ],
)
def test_a_site_answers_to_the_name_in_its_address(address, name, tmp_path):
    found = shown_with(tmp_path, "ALLOWED_HOSTS", PUBLIC_URL=address)
    assert found == ["localhost", "127.0.0.1", "[::1]", name]
    named = {"PUBLIC_URL": address, "DJANGO_ALLOWED_HOSTS": name}
    assert shown_with(tmp_path, "ALLOWED_HOSTS", **named) == [name]


@pytest.mark.parametrize(
    ("environment", "policy"),
    [
        ({}, "same-origin"),
        ({"PUBLIC_URL": "https://x.example.org"}, "same-origin"),
        ({"PUBLIC_URL": "http://192.0.2.1:8000"}, None),
        ({"WEB_HOST": "0.0.0.0"}, None),  # noqa: S104
    ],
)
def test_no_header_is_sent_that_browsers_report_as_an_error(environment, policy, tmp_path):
    """They take an opener policy from https and their own machine only."""
    assert shown_with(tmp_path, "SECURE_CROSS_ORIGIN_OPENER_POLICY", **environment) == policy


def test_who_comes_without_https_is_led_to_where_it_is(tmp_path):
    """Not to https at the name that was asked for, such as an address of the home network."""
    for address, host in (
        ("https://x.example.org:8443", "x.example.org:8443"),
        ("http://x.example.org", "x.example.org"),
        ("", None),
    ):
        assert shown_with(tmp_path, "SECURE_SSL_HOST", PUBLIC_URL=address) == host


def limits_with(tmp_path, **environment: str) -> subprocess.CompletedProcess[str]:
    names = [limit.setting for limit in Limit]
    show = f"import json, theway.settings as s; print(json.dumps([getattr(s, n) for n in {names}]))"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LIMIT_")}
    environment = kept | QUIET | environment | {"THEWAY_DATA_DIR": str(tmp_path)}
    command = [sys.executable, "-c", show]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_a_machine_for_oneself_has_no_limits_and_a_public_site_has_all(tmp_path):
    assert json.loads(limits_with(tmp_path).stdout) == [None] * len(Limit)
    public = json.loads(limits_with(tmp_path, PUBLIC_URL="https://x.example.org").stdout)
    assert public == [500, 5000, 20, 10, 200, 20, 1200, None]  # money: only where it is set


def test_a_budget_is_an_amount_of_dollars_or_none(tmp_path):
    show = "import theway.settings as s; print(s.BUDGET_USD, s.BUDGET_PER_PERSON_USD)"

    def budgets(**environment: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if "BUDGET" not in name}
        environment = kept | QUIET | environment | {"THEWAY_DATA_DIR": str(tmp_path)}
        command = [sys.executable, "-c", show]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert budgets().stdout == "None None\n"
    assert budgets(BUDGET_USD="50", BUDGET_PER_PERSON_USD="7.50").stdout == "50 7.50\n"
    assert budgets(BUDGET_USD="0", BUDGET_PER_PERSON_USD="None").stdout == "0 None\n"
    for wrong in ("-1", "1.234", "1e3", "$5", "1,50", "nan"):
        failed = budgets(BUDGET_USD=wrong)
        assert failed.stderr.startswith("BUDGET_USD must be an amount of US dollars"), wrong
        assert failed.returncode == 1


def test_a_limit_may_be_a_number_or_none_and_nothing_leaves_the_default(tmp_path):
    shown = limits_with(
        tmp_path,
        PUBLIC_URL="https://x.example.org",
        LIMIT_PHOTOS_PER_DAY="0",
        LIMIT_STORAGE_MB="",
        LIMIT_DRAFTS="None",
    )
    assert json.loads(shown.stdout)[:4] == [0, 5000, None, 10]


def test_a_limit_that_is_no_number_is_named(tmp_path):
    failed = limits_with(tmp_path, LIMIT_DRAFTS="-1")
    assert failed.stderr.startswith("LIMIT_DRAFTS must be a whole number")
    assert failed.stderr.endswith(", or none.\n")
    assert failed.returncode == 1
