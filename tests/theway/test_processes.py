"""A process is started, found ready, frozen, stopped and killed with its children."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from theway.processes.installation import installation_environment
from theway.processes.ports import is_taken, lasting_obstacle, obstacle, unused_port
from theway.processes.process import NotReadyError, Process
from theway.processes.waiting import accepts_connections, wait_until
from theway.processes.watchdog import Watchdog, remaining_groups

ROOT = Path(__file__).resolve().parents[2]
# A child of its own ignores every polite signal; its id is the first line.
PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", '''
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("child ready", flush=True)
time.sleep(600)
'''])
print(child.pid, flush=True)
child.wait()
"""


@pytest.fixture
def process_of(tmp_path):
    """Return processes that run a Python program; all are killed after the test."""
    made: list[Process] = []

    def make(code: str, **options) -> Process:
        made.append(Process("program", [sys.executable, "-c", code], cwd=tmp_path, **options))
        return made[-1]

    yield make
    for process in made:
        process.kill()


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # Where nobody reaps orphans, a killed one stays as a zombie.
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"


def state_of(process: Process) -> str:
    return Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_it_is_ready_once_its_line_is_in_the_log(process_of, tmp_path):
    log = tmp_path / "log"
    code = "import time; print('works now', flush=True); time.sleep(600)"
    process = process_of(code, log_file=log, ready_line="works now")
    assert not process.is_alive
    process.start()
    assert (process.is_ready, process.is_alive, process.exit_code) == (True, True, None)
    assert process.log == "works now\n"
    assert process.stop() == -signal.SIGTERM
    assert process.exit_reason == "was killed (SIGTERM)"


def test_a_ready_line_of_an_earlier_launch_does_not_count(process_of, tmp_path):
    log = tmp_path / "log"
    log.write_text("works now\n")
    process = process_of("raise SystemExit(3)", log_file=log, ready_line="works now")
    with pytest.raises(NotReadyError, match=r"^program exited with code 3$"):
        process.start()
    assert process.log == ""
    assert log.read_text() == "works now\n"


def test_it_is_ready_once_its_port_and_its_address_answer(process_of):
    port = unused_port()
    handler = "http.server.SimpleHTTPRequestHandler"
    code = f"import http.server; http.server.test({handler}, port={port}, bind='127.0.0.1')"
    process = process_of(code, port=port, ready_url=f"http://127.0.0.1:{port}/no-such-page")
    process.start()
    assert process.is_ready
    assert accepts_connections(port)
    found = obstacle("127.0.0.1", port)
    assert found and is_taken(found)
    process.kill()
    assert not accepts_connections(port)
    assert lasting_obstacle("127.0.0.1", port) is None


def test_one_that_is_never_ready_is_reported_with_the_limit(process_of):
    process = process_of("import time; time.sleep(600)", port=unused_port())
    with pytest.raises(NotReadyError, match=r"^program was not ready within 0\.1 s$"):
        process.start(limit=0.1)


def test_a_missing_program_is_an_os_error(tmp_path):
    with pytest.raises(OSError, match="no-such-program"):
        Process("program", ["no-such-program"], cwd=tmp_path).launch()


def test_lines_are_passed_on_and_none_is_lost_at_the_end(process_of):
    lines: list[str] = []
    process = process_of("print('one'); print(); print('two')", on_line=lines.append)
    process.launch()
    assert process.wait(20) == 0
    process.kill()
    assert lines == ["one", "two"]


def test_a_frozen_one_is_alive_and_continues(process_of):
    process = process_of("import time; time.sleep(600)")
    process.start()
    process.freeze()
    assert wait_until(lambda: state_of(process) == "T", 20)
    assert process.is_alive
    process.resume()
    assert wait_until(lambda: state_of(process) != "T", 20)


def test_starting_twice_starts_one_and_it_starts_again_after_a_kill(process_of):
    process = process_of("import time; time.sleep(600)")
    process.start()
    first = process.pid
    process.start()
    assert process.pid == first
    process.kill()
    assert process.exit_code == -signal.SIGKILL
    process.start()
    assert process.is_alive
    assert process.pid != first


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_its_children_end_with_it(process_of, end):
    lines: list[str] = []
    process = process_of(PARENT, on_line=lines.append, ready_line="child ready")
    process.start()
    child = next(int(line) for line in lines if line.isdecimal())
    assert is_running(child)
    getattr(process, end)()
    assert wait_until(lambda: not is_running(child), 20)


def test_the_watchdog_kills_what_a_killed_parent_has_started(tmp_path):
    code = f"""
import sys
from pathlib import Path
from theway.processes.process import Process
from theway.processes.watchdog import Watchdog
program = "import time; time.sleep(600)"
process = Process("p", [sys.executable, "-c", program], cwd=Path({str(tmp_path)!r}))
process.watchdog = Watchdog()
process.start()
print(process.pid, flush=True)
sys.stdin.read()
"""
    command = [sys.executable, "-c", code]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as parent:
        assert parent.stdout
        child = int(parent.stdout.readline())
        assert is_running(child)
        parent.kill()
    assert wait_until(lambda: not is_running(child), 20)


def test_the_end_of_a_watchdog_is_the_end_of_what_it_watches(process_of):
    with Watchdog() as watchdog:
        process = process_of("import time; time.sleep(600)", watchdog=watchdog)
        process.start()
    assert process.wait(20) == -signal.SIGKILL


def test_the_watchdog_kills_only_groups_that_are_still_watched():
    assert remaining_groups(["+1\n", "+2\n", "-1\n", "+3\n", "-3\n"]) == {2}


def test_a_throw_away_installation_uses_nothing_of_the_real_one(tmp_path, monkeypatch):
    real = {
        "TOGETHER_API_KEY": "real-key",
        "TRAINER_URL": "https://trainer.example.org",
        "TRAINER_API_KEY": "real-key",
        "DATABASE_URL": "postgres://real.example.org/theway",
        "REDIS_URL": "redis://real.example.org",
        "DJANGO_SECRET_KEY": "real-key",
    }
    for name, value in real.items():
        monkeypatch.setenv(name, value)
    environment = installation_environment(tmp_path, port=1234, trainer_port=5678)
    assert {name for name, value in real.items() if environment[name] == value} == set()
    assert environment["TRAINER_URL"] == "http://127.0.0.1:5678"
    assert environment["DATABASE_URL"].startswith(f"sqlite:///{tmp_path}/")


def test_the_limit_of_open_files_is_raised_for_what_is_started_afterwards(process_of):
    """In a process of its own: the limit is a whole process's."""
    lines: list[str] = []
    code = f"""
import resource, subprocess, sys
sys.path.insert(0, {str(ROOT)!r})
from theway.processes.open_files import raise_limit
_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
limit = raise_limit()
child = subprocess.run(["sh", "-c", "ulimit -n"], capture_output=True, text=True, check=True)
print(limit == hard, child.stdout.strip() == str(hard))
"""
    process = process_of(code, on_line=lines.append)
    process.launch()
    assert process.wait(20) == 0
    process.kill()
    assert lines == ["True True"]
