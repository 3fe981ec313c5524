"""The real server with programs that listen: no threads for them, and an end when it is due."""

from __future__ import annotations

import http.client
import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

import pytest

from accounts import later
from tests.dashboard.real_server import ROOT, database_of, manage, port_of
from tests.dashboard.test_live_process import threads_of
from theway.processes.waiting import wait_until

# Prints a new person's token, and the id of a job of theirs.
SET_UP = """
from accounts import tokens
from tests.factories import JobFactory, UserModelFactory
job = JobFactory(model=UserModelFactory(training=True), running=True)
print(tokens.make(job.owner, name="x", scope="read", expires_in=None)[1], job.pk)
"""
# Adds an event, as a worker does, in another process.
HAPPEN = """
from jobs.events import record
from jobs.models import JobQueue
job = JobQueue.objects.get()
record(job, "{kind}", "{text}")
"""


@pytest.fixture
def served(environment) -> Iterator[tuple[subprocess.Popen[str], int, str, str]]:
    """uvicorn with one person's token: process, port, token, job."""
    manage(environment, "migrate", "-v0")
    token, job = manage(environment, "shell", "-v0", "-c", SET_UP).split()
    command = [sys.executable, "-m", "uvicorn", "tests.live.served:application", "--port", "0"]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process, port_of(process), token, job
    finally:
        process.kill()
        process.communicate()


@contextmanager
def listening(
    served: tuple[subprocess.Popen[str], int, str, str], path: str = "/streams/jobs"
) -> Iterator[http.client.HTTPResponse]:
    """One program, past the first line of its stream."""
    _, port, token, _ = served
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as program:
        program.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        response = program.getresponse()
        assert response.status == 200
        assert response.readline() == b"retry: 2000\n"
        assert response.readline() == b"\n"
        yield response


@pytest.mark.skipif(sys.platform != "linux", reason="counts threads in /proc")
def test_programs_that_listen_hold_no_threads(served):
    with listening(served), ExitStack() as programs:
        for _ in range(50):
            programs.enter_context(listening(served))
        # The event loop's, the reader's, those that note when tokens are used, and what is left
        # of the last requests.
        assert wait_until(lambda: threads_of(served[0]) < 10 + later.THREADS, 20)


def test_a_program_hears_what_another_process_does_until_its_job_is_over(served, environment):
    with listening(served, f"/streams/jobs/{served[3]}") as program:
        manage(environment, "shell", "-v0", "-c", HAPPEN.format(kind="log", text="epoch 1"))
        assert program.readline().startswith(b"id: ")
        assert program.readline() == b"event: log\n"
        assert json.loads(program.readline()[6:])["text"] == "epoch 1"
        manage(environment, "shell", "-v0", "-c", HAPPEN.format(kind="state", text="succeeded"))
        rest = program.read()  # to its end: the stream was ended, not cut
    assert b"event: state\n" in rest
    assert rest.endswith(b'event: end\ndata: {"reason": "over"}\n\n')


def test_a_stream_ends_with_a_token_that_another_process_revoked(served, environment):
    with listening(served) as program:
        with closing(sqlite3.connect(database_of(environment))) as database, database:
            database.execute("UPDATE accounts_apitoken SET revoked_at = '2020-01-01 00:00:00'")
        assert program.read() == b""


def test_the_server_stops_at_once_although_a_program_listens(served):
    with listening(served, f"/streams/jobs/{served[3]}") as program:
        told_at = time.monotonic()
        served[0].send_signal(signal.SIGTERM)
        served[0].wait(timeout=30)
        assert time.monotonic() - told_at < 5
        assert program.read() == b""  # no word of an end: the job goes on
