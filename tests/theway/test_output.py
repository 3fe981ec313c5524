"""What a command says never ends it, whatever it says it to."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from theway.processes.installation import installation_environment

ROOT = Path(settings.BASE_DIR)
ASCII = {"PYTHONIOENCODING": "ascii"}
C_LOCALE = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
LATIN = {"PYTHONIOENCODING": "latin-1"}
SAYING = "\n".join(
    [
        "import sys, pathlib",
        "print('\\u201cZo\\xeb\\u201d \\u2014 \\u6771\\u4eac \\U0001f642 \\ud800')",
        "sys.stderr.write('\\u201cZo\\xeb\\u201d \\u6771\\u4eac\\n')",
        "for _ in range(20000): print('a line that fills every buffer')",
        "sys.stdout.flush()",
        "pathlib.Path({done!r}).write_text('done')",
    ]
)


@pytest.fixture
def env(tmp_path) -> dict[str, str]:
    env = installation_environment(tmp_path, port=1, trainer_port=2)
    return env | {"PYTHONWARNINGS": "", "PYTHONUNBUFFERED": ""}


@pytest.fixture
def done(tmp_path) -> Path:
    return tmp_path / "done"


def command(done: Path) -> list[str]:
    saying = SAYING.format(done=str(done))
    return [sys.executable, "manage.py", "shell", "-v0", "--no-imports", "-c", saying]


@pytest.mark.parametrize("locale", [ASCII, C_LOCALE, LATIN], ids=["ascii", "C", "latin-1"])
def test_characters_that_the_console_cannot_show_are_replaced(locale, env, done):
    run = subprocess.run(command(done), cwd=ROOT, env=env | locale, capture_output=True)
    assert (run.returncode, done.exists()) == (0, True), run.stderr.decode(errors="replace")
    assert b"Zo" in run.stdout and b"Traceback" not in run.stderr


def test_a_reader_that_has_seen_enough_ends_nothing(env, done):
    process = subprocess.Popen(
        command(done), cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout and process.stderr
    process.stdout.read(10)
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert (process.wait(60), done.exists()) == (0, True), errors
    assert b"Traceback" not in errors and b"BrokenPipe" not in errors


@pytest.mark.parametrize("closed", [(1,), (2,), (1, 2)], ids=["stdout", "stderr", "both"])
def test_an_output_that_was_closed_before_ends_nothing(closed, env, done):
    redirections = " ".join(f"{number}>&-" for number in closed)
    shell = ["sh", "-c", f'exec "$@" {redirections}', "sh", *command(done)]
    run = subprocess.run(shell, cwd=ROOT, env=env, capture_output=True)
    assert (run.returncode, done.exists()) == (0, True), run.stderr


def test_a_terminal_that_was_closed_ends_nothing(env, done):
    ours, theirs = pty.openpty()
    process = subprocess.Popen(command(done), cwd=ROOT, env=env, stdout=theirs, stderr=theirs)
    os.close(theirs)
    os.read(ours, 10)
    os.close(ours)
    assert (process.wait(60), done.exists()) == (0, True)


def test_a_full_disk_still_is_an_error(env, done):
    with open("/dev/full", "w") as full:  # noqa: PTH123
        run = subprocess.run(
            command(done), cwd=ROOT, env=env, stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert run.returncode != 0
    assert "No space left" in run.stderr


def test_a_refusal_is_readable_where_only_ascii_is_shown(env, tmp_path):
    command = [sys.executable, "manage.py", "demo", "--photos", str(tmp_path / "fötös")]
    run = subprocess.run(command, cwd=ROOT, env=env | ASCII, capture_output=True, text=True)
    assert run.returncode == 1
    assert run.stderr.isascii() and "is not a folder" in run.stderr
