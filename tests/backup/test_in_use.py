"""Services and a restore never work on the same data."""

from __future__ import annotations

import fcntl
import subprocess
import sys

import pytest

from tests.backup.installations import installation
from theway.processes.installation import ROOT

SERVICES = {
    "web": ["-m", "theway.server", "--port", "0"],
    "worker": ["-m", "celery", "--quiet", "-A", "theway", "worker", "--pool", "threads"],
    "beat": ["-m", "celery", "--quiet", "-A", "theway", "beat", "--pidfile="],
    "everything": ["manage.py", "up"],
    "a backup": ["manage.py", "backup", "{folder}/theway.zip"],
}


@pytest.mark.parametrize("name", SERVICES)
def test_while_a_backup_is_restored_nothing_starts_and_it_says_why(tmp_path, name):
    one = installation(tmp_path / "one", is_migrated=False)
    lock = one.folder / "var/in-use.lock"
    lock.parent.mkdir()
    with lock.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        command = [sys.executable, *(word.format(folder=tmp_path) for word in SERVICES[name])]
        done = subprocess.run(
            command, cwd=ROOT, env=one.env, capture_output=True, text=True, timeout=60
        )
    assert done.returncode == 1
    assert "A backup is being restored" in done.stderr
    assert "Traceback" not in done.stderr
