"""The walk-through of docs/api.md, run as it is written, at a real installation."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests.factories import jpeg
from tests.theway.launched import Launched, running

DOCUMENT = (Path(settings.BASE_DIR) / "docs" / "api.md").read_text()
COLOURS = ("teal", "red", "blue", "green", "black")
ACCOUNT = """
from accounts import tokens
from accounts.models import User
user = User.objects.create_user("ann@example.org", "correct horse battery")
print(tokens.make(user, name="walk", scope="spend", expires_in=None)[1])
"""
pytestmark = pytest.mark.service


def blocks(language: str) -> str:
    """Return what the document has to be typed, without where and who, which are said outside."""
    found = re.findall(rf"```{language}\n(.*?)```", DOCUMENT, re.DOTALL)
    return re.sub(r"^export THEWAY=.*$", "", "\n".join(found), flags=re.MULTILINE)


@pytest.fixture(scope="module")
def installation(tmp_path_factory) -> Iterator[Launched]:
    folder = tmp_path_factory.mktemp("api")
    with running(folder, TRAINER_SECONDS="1", TRAINER_IMAGE_SECONDS="0.1") as launched:
        yield launched


@pytest.fixture(scope="module")
def environment(installation) -> dict[str, str]:
    made = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v0", "-c", ACCOUNT],
        cwd=settings.BASE_DIR,
        env=installation.env,
        capture_output=True,
        text=True,
        check=True,
    )
    return {**os.environ, "THEWAY": installation.address, "TOKEN": made.stdout.strip()}


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "photos").mkdir()
    for colour in COLOURS:
        (tmp_path / "photos" / f"{colour}.jpg").write_bytes(jpeg(colour=colour))
    return tmp_path


def run(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=180
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_from_nothing_to_a_picture_with_curl(folder, environment):
    said = run(["bash", "-euc", blocks("sh")], folder, environment)
    assert '"stored": 1' in said
    assert '"isStartable": true' in said
    assert "event: progress" in said and "event: end" in said
    assert (folder / "picture.jpg").read_bytes()[:3] == b"\xff\xd8\xff"
    assert b"lora" in (folder / "weights.safetensors").read_bytes()[:10_000]


def test_from_nothing_to_a_model_with_python(folder, environment):
    (folder / "train.py").write_text(blocks("python"))
    said = run([sys.executable, "-W", "ignore", "train.py"], folder, environment)
    assert said.strip()
