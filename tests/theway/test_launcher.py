"""`manage.py up` with real processes: it starts, survives its services, and leaves nothing."""

from __future__ import annotations

import os
import re
import resource
import signal
import socket
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from tests.theway.launched import Launched

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

    def start(**options: Any) -> Launched:
        started.append(Launched(folder, **options))
        return started[-1]

    yield start
    for launched in started:
        launched.kill()
    for launched in started:
        launched.wait_until_gone()


@pytest.fixture
def few_open_files() -> Iterator[int]:
    """What is started meanwhile gets a low soft limit; yield the hard one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 1000), hard))
    yield hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_every_service_becomes_ready_and_ctrl_c_leaves_none_running(launch):
    launched = launch()
    launched.wait_for("Open http://127.0.0.1:")
    output = launched.log
    for line in ("answers at http://127.0.0.1:", "worker  | ready", "beat    | ready"):
        assert line in output
    with urllib.request.urlopen(f"http://127.0.0.1:{launched.port}/", timeout=10) as answer:
        assert answer.status == 200
    assert launched.stop(signal.SIGINT) == 0
    assert launched.pids() == []


def test_the_documented_https_setup_starts_without_shocking_anybody(launch):
    host = "theway.example.org"
    launched = launch(PUBLIC_URL=f"https://{host}", DJANGO_ALLOWED_HOSTS=host)
    launched.wait_for(f"Open https://{host}")
    for path in ("healthz", "readyz"):
        with suppress(HTTPError):  # not ready yet
            urllib.request.urlopen(f"http://127.0.0.1:{launched.port}/{path}", timeout=10).close()
    assert launched.stop() == 0
    assert "Traceback" not in launched.log and "ERROR" not in launched.log, launched.log


def test_its_services_may_open_as_many_files_as_the_system_allows(launch, few_open_files):
    launched = launch()
    launched.wait_for("Open http://127.0.0.1:")
    for name in ("theway.server", "theway worker"):
        limits = Path(f"/proc/{launched.pid_of(name)}/limits").read_text()
        soft, hard = re.findall(r"^Max open files\s+(\d+)\s+(\d+)", limits, re.MULTILINE)[0]
        assert soft == hard == str(few_open_files)


def test_a_killed_launcher_leaves_nothing_running_and_can_start_again_at_once(launch):
    first = launch()
    first.wait_for("Open http://127.0.0.1:")
    assert first.stop(signal.SIGKILL) == -signal.SIGKILL
    again = launch(port=first.port, trainer_port=first.trainer_port)
    again.wait_for("Open http://127.0.0.1:")
    assert again.stop(signal.SIGTERM) == 0
    again.wait_until_gone()


def test_a_killed_worker_comes_back_and_the_site_stays_up(launch):
    launched = launch()
    launched.wait_for("Open http://127.0.0.1:")
    web = launched.pid_of("theway.server")
    os.kill(launched.pid_of("theway worker"), signal.SIGKILL)
    launched.wait_for("worker was killed (SIGKILL); restarting it now")
    launched.wait_for("worker  | ready")
    assert launched.pid_of("theway.server") == web
    assert launched.stop(signal.SIGHUP) == 0
    assert launched.pids() == []


@pytest.mark.parametrize("name", ["PORT", "TRAINER_PORT"])
def test_a_taken_port_is_reported_in_a_sentence_before_anything_starts(launch, name):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        launched = launch(**{name.lower(): port})
        line = launched.wait_for(f"Port {port} on 127.0.0.1 is already in use.")
        assert f"{name}={port + 1} make run" in line
        assert launched.wait(10) == 1
    assert "Traceback" not in launched.log
    assert launched.pids() == []


def test_a_port_that_is_no_number_is_refused(launch):
    launched = launch(PORT="eighty")
    launched.wait_for("PORT must be a whole number from 1 to 65535.")
    assert launched.wait(10) == 1


def test_the_same_installation_is_not_started_twice(launch):
    first = launch()
    first.wait_for("Open http://127.0.0.1:")
    second = launch()
    second.wait_for(f"This installation is already running (process {first.pid}).")
    assert second.wait(10) == 1
    assert first.is_alive


def test_a_service_that_cannot_start_ends_the_launcher_with_its_reason(launch):
    launched = launch(TRAINER_ENGINE="diffusers", TRAINER_PYTHON="/nowhere")
    launched.wait_for("before everything was ready.")
    assert launched.wait(20) == 1
    launched.wait_until_gone()
