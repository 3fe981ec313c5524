"""A full disk where nobody looks at a page: in commands, in logs, at the trainer."""

from __future__ import annotations

import errno
import io
import logging
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest

from tests.theway.test_full_disk import can_mount, fill, small_disk
from tests.trainer.process import TrainerProcess
from theway.full_disk_lines import OneLine
from theway.processes.installation import ROOT, installation_environment


def command_on_a_full_disk(error: str) -> subprocess.CompletedProcess[str]:
    """Run manage.py as one whose command ends with `error`."""
    program = (
        "import errno, sys, runpy; import django.core.management as management\n"
        f"def fail(arguments): raise {error}\n"
        "management.execute_from_command_line = fail\n"
        "runpy.run_path('manage.py', run_name='__main__')"
    )
    with TemporaryDirectory() as folder:
        env = installation_environment(Path(folder), port=1, trainer_port=1)
        command = [sys.executable, "-c", program]
        return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)


def test_a_command_that_finds_no_room_ends_with_a_sentence():
    done = command_on_a_full_disk("OSError(errno.ENOSPC, 'No space left on device', '/srv/x')")
    assert done.returncode == 1
    assert done.stderr.startswith("No space is left on a disk") and done.stderr.count("\n") == 1


def test_a_command_that_is_wrong_elsewhere_shows_where():
    done = command_on_a_full_disk("OSError(errno.EIO, 'a broken disk')")
    assert done.returncode == 1 and "Traceback" in done.stderr


@pytest.mark.parametrize(
    ("error", "lines"),
    [(OSError(errno.ENOSPC, "full"), 1), (sqlite3.OperationalError("no such table"), 4)],
)
def test_only_a_full_disk_is_one_line_in_the_log(error, lines):
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(OneLine())
    logger = logging.Logger("beat")
    logger.addHandler(handler)
    try:
        raise RuntimeError("the message cannot be stored") from error
    except RuntimeError as raised:
        logger.error("Message Error: %s\n%s", raised, ["a stack"], exc_info=True)
    written = stream.getvalue()
    assert written.startswith("Message Error: the message cannot be stored")
    assert written.count("\n") == lines if lines == 1 else written.count("\n") > lines


@pytest.mark.service
@pytest.mark.skipif(not can_mount(), reason="needs root on Linux, to mount a small disk")
def test_a_trainer_whose_disk_is_full_says_so_and_goes_on_afterwards(tmp_path):
    (tmp_path / "disk").mkdir()
    with small_disk(tmp_path / "disk", 16) as disk:
        trainer = TrainerProcess(disk / "data")
        trainer.start()
        try:
            filling = fill(disk)
            answer = upload(trainer)
            assert (answer.status_code, answer.json()["error"]["code"]) == (507, "disk_full")
            filling.unlink()
            assert upload(trainer).status_code != 507
        finally:
            trainer.kill()
    assert "Traceback" not in trainer.log


def upload(trainer: TrainerProcess) -> httpx.Response:
    """Send a file that does not fit into memory alone (starlette's spool is of 1 MB)."""
    files = {"file": ("set.jsonl", os.urandom(3 * 1024 * 1024))}
    data = {"purpose": "fine-tune", "file_name": "set.jsonl"}
    address = f"{trainer.url}/v1/files/upload"
    return httpx.post(address, data=data, files=files, headers=trainer.headers, trust_env=False)
