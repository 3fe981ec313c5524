"""The real server with open streams: no threads for them, and an end of each when it is due."""

from __future__ import annotations

import http.client
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from theway.processes.waiting import wait_until

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


def threads_of(process: subprocess.Popen[str]) -> int:
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(re.findall(r"^Threads:\s+(\d+)", status, re.MULTILINE)[0])


@contextmanager
def opened(server: tuple[subprocess.Popen[str], int, str]) -> Iterator[http.client.HTTPResponse]:
    """One open page, past the first line of its stream."""
    _, port, session = server
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as browser:
        browser.request("GET", "/dashboard/events", headers={"Cookie": session})
        response = browser.getresponse()
        assert response.status == 200
        assert response.readline() == b"retry: 2000\n"
        yield response


@pytest.mark.skipif(sys.platform != "linux", reason="counts threads in /proc")
def test_open_pages_hold_no_threads(server):
    with opened(server), ExitStack() as pages:
        for _ in range(50):
            pages.enter_context(opened(server))
        # The event loop's, the reader's, and what is left of the last requests.
        assert wait_until(lambda: threads_of(server[0]) < 10, 20)


def test_a_stream_ends_with_a_session_that_another_process_ended(server, environment):
    with opened(server) as page:
        with closing(sqlite3.connect(database_of(environment))) as database, database:
            database.execute("DELETE FROM django_session")
        assert page.read().strip() == b""  # the stream was ended, not cut


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_server_stops_at_once_although_a_page_is_open(server, number):
    process = server[0]
    with opened(server) as page:
        told_at = time.monotonic()
        process.send_signal(number)
        process.wait(timeout=30)
        # About a tenth of a second; without the hook it would wait for ever.
        assert time.monotonic() - told_at < 5
        assert page.read().strip() == b""  # the stream was ended, not cut
