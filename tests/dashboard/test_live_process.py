"""The real server with open streams: no threads for them, and an end of each when it is due."""

from __future__ import annotations

import http.client
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

from tests.dashboard.real_server import database_of
from theway.processes.waiting import wait_until


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
