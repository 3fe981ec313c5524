"""`python -m emulators COMMAND`: the stand-ins around a command that finds them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from theway.processes.installation import ROOT
from theway.processes.ports import unused_port
from theway.processes.waiting import answers, wait_until

SHOW = "import json, os; print(json.dumps(dict(os.environ)), flush=True); "
WAIT = SHOW + "import time; time.sleep(60)"


@contextmanager
def started(folder: Path, code: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "emulators", sys.executable, "-c", code]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, cwd=folder, env=env, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def environment_of(process: subprocess.Popen[str]) -> dict[str, str]:
    for line in process.stdout:
        if line.startswith("{"):
            return json.loads(line)
    pytest.fail("the command was not run")


def gone(url: str) -> bool:
    return wait_until(lambda: not answers(url), limit=30)


@pytest.fixture
def folder(tmp_path):
    """A folder in which the stand-ins have ports that no other test uses."""
    kept = tmp_path / "var" / "emulators"
    kept.mkdir(parents=True)
    for name in ("replicate", "fal"):
        (kept / f"{name}.port").write_text(str(unused_port()))
    return tmp_path


def test_a_command_finds_both_and_they_end_with_it(folder):
    with started(folder, SHOW) as process:
        env = environment_of(process)
        assert process.wait(timeout=60) == 0
    assert env["REPLICATE_API_TOKEN"].startswith("r8_")
    assert ":" in env["FAL_KEY"]
    assert all(gone(env[name]) for name in ("REPLICATE_BASE_URL", "FAL_BASE_URL"))


def test_they_end_when_the_command_is_killed(folder):
    with started(folder, WAIT) as process:
        env = environment_of(process)
        assert answers(env["FAL_BASE_URL"])
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=10)
    assert gone(env["FAL_BASE_URL"])


def test_they_are_at_the_same_addresses_again(folder):
    found = []
    for _turn in range(2):
        with started(folder, SHOW) as process:
            env = environment_of(process)
            process.wait(timeout=60)
        urls = (env["REPLICATE_BASE_URL"], env["FAL_BASE_URL"])
        assert all(gone(url) for url in urls)
        found.append(urls)
    assert found[0] == found[1]
