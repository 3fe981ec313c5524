"""What the settings conclude from the environment about who reaches the site."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

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
