"""A command among the stand-ins: it finds them, and they end with whoever has started them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from emulators.stand_ins import STAND_INS

ROOT = Path(__file__).resolve().parents[2]
ASK = """
import os, sys, urllib.request
for name in sys.argv[1:]:
    urllib.request.urlopen(os.environ[name] + "/healthz").read()
print("all are there")
"""


def test_a_command_finds_every_stand_in(tmp_path):
    env = {**os.environ, "PYTHONPATH": str(ROOT)}  # they keep what they have below the folder
    urls = [one.url_variable for one in STAND_INS]
    command = [sys.executable, "-m", "emulators", sys.executable, "-c", ASK, *urls]
    done = subprocess.run(
        command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "all are there"), done.stderr


@pytest.mark.parametrize("name", [one.name for one in STAND_INS])
def test_a_stand_in_ends_with_its_parent(name, tmp_path):
    command = [sys.executable, "-m", f"emulators.{name}", "--port", "0", "--folder", str(tmp_path)]
    with subprocess.Popen([*command, "--with-parent"], stdin=subprocess.PIPE) as process:
        process.stdin.close()
        assert process.wait(timeout=60) in {0, -15}
