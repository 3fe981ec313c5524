"""uvicorn with an installation of its own, and one user who is signed in."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Prints the session cookie of a new user, for a browser that is signed in.
SIGN_IN = """
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from accounts.models import User
user = User.objects.create_user("ann@example.org", "correct horse battery")
session = SessionStore()
session[SESSION_KEY] = str(user.pk)
session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.create()
print(f"{settings.SESSION_COOKIE_NAME}={session.session_key}")
"""


@pytest.fixture
def environment(tmp_path) -> dict[str, str]:
    """An installation of its own, with its own database."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    return kept | {
        "THEWAY_DATA_DIR": str(tmp_path),
        "DJANGO_DEBUG": "1",
        "LIMIT_STREAMS": "100",
        "DJANGO_SETTINGS_MODULE": "theway.settings",
    }


def database_of(environment: dict[str, str]) -> Path:
    return Path(environment["THEWAY_DATA_DIR"]) / "var" / "db.sqlite3"


def manage(environment: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    )
    return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""


@pytest.fixture
def server(environment) -> Iterator[tuple[subprocess.Popen[str], int, str]]:
    """uvicorn with one signed-in user: process, port, session cookie."""
    manage(environment, "migrate", "-v0")
    session = manage(environment, "shell", "-v0", "-c", SIGN_IN)
    command = [sys.executable, "-m", "uvicorn", "theway.asgi:application", "--port", "0"]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process, port_of(process), session
    finally:
        process.kill()
        process.communicate()


def port_of(process: subprocess.Popen[str]) -> int:
    assert process.stderr
    for line in process.stderr:
        if "Uvicorn running on" in line:
            return int(line.split("127.0.0.1:")[1].split()[0])
    raise AssertionError("the server did not start")
