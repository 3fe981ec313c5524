"""`manage.py up` with real processes: it starts, survives its services, and leaves nothing."""

from __future__ import annotations

import os
import signal
import socket
import sys
import urllib.request
from collections.abc import Callable, Iterator

import pytest

from tests.theway.launched import Launched
from theway.launcher.watchdog import groups_left

pytestmark = [
    pytest.mark.service,
    pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One installation for the file: only the first start migrates."""
    return tmp_path_factory.mktemp("launched")


@pytest.fixture
def launch(folder) -> Iterator[Callable[..., Launched]]:
    started: list[Launched] = []

    def start(**env: str) -> Launched:
        started.append(Launched(folder, **env))
        return started[-1]

    yield start
    for launched in started:
        launched.kill()
    for launched in started:
        launched.clear()


def test_every_service_says_that_it_works_and_ctrl_c_leaves_none_running(launch):
    launched = launch()
    launched.wait_for("Open http://127.0.0.1:")
    said = "".join(launched.lines)
    for line in ("answers at http://127.0.0.1:", "worker  | ready", "beat    | ready"):
        assert line in said
    with urllib.request.urlopen(f"http://127.0.0.1:{launched.port}/", timeout=10) as answer:
        assert answer.status == 200
    assert launched.end(signal.SIGINT) == 0
    assert launched.pids() == []


def test_a_killed_launcher_leaves_nothing_running_and_can_start_again_at_once(launch):
    first = launch()
    first.wait_for("Open http://127.0.0.1:")
    assert first.end(signal.SIGKILL) == -signal.SIGKILL
    again = launch(PORT=str(first.port), TRAINER_PORT=str(first.trainer_port))
    again.wait_for("Open http://127.0.0.1:")
    assert again.end(signal.SIGTERM) == 0
    again.wait_until_gone()


def test_a_killed_worker_comes_back_and_the_site_stays_up(launch):
    launched = launch()
    launched.wait_for("Open http://127.0.0.1:")
    web = launched.pid_of("uvicorn")
    os.kill(launched.pid_of("theway worker"), signal.SIGKILL)
    launched.wait_for("worker was killed (SIGKILL); starting it again now")
    launched.wait_for("worker  | ready")
    assert launched.pid_of("uvicorn") == web
    assert launched.end(signal.SIGHUP) == 0
    assert launched.pids() == []


@pytest.mark.parametrize("name", ["PORT", "TRAINER_PORT"])
def test_a_taken_port_is_said_in_a_sentence_before_anything_starts(launch, name):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        launched = launch(**{name: str(port)})
        line = launched.wait_for(f"Port {port} on 127.0.0.1 is already in use.")
        assert f"{name}={port + 1} make run" in line
        assert launched.process.wait(10) == 1
    assert "Traceback" not in "".join(launched.lines)
    assert launched.pids() == []


def test_a_port_that_is_no_number_is_refused(launch):
    launched = launch(PORT="eighty")
    launched.wait_for("PORT must be a port number from 1 to 65535, not “eighty”.")
    assert launched.process.wait(10) == 1


def test_the_same_installation_is_not_started_twice(launch):
    first = launch()
    first.wait_for("Open http://127.0.0.1:")
    second = launch()
    second.wait_for(f"This installation is already running (process {first.process.pid}).")
    assert second.process.wait(10) == 1
    assert first.process.poll() is None


def test_a_service_that_cannot_start_ends_the_launcher_with_its_reason(launch):
    launched = launch(TRAINER_ENGINE="no-such-engine")
    launched.wait_for("before everything was ready.")
    assert launched.process.wait(20) == 1
    launched.wait_until_gone()


def test_the_watchdog_ends_only_what_was_not_forgotten():
    assert groups_left(["+1\n", "+2\n", "-1\n", "+3\n", "-3\n"]) == {2}
