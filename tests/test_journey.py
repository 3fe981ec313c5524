"""Upload → wizard → trained → picture, over real HTTP with every service as a real process."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.conf import settings

from tests.factories import jpeg

pytestmark = pytest.mark.service


def demo(*arguments: str, timeout: float = 240) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "demo", *arguments],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "theway.settings", "PYTHONWARNINGS": ""},
        capture_output=True,
        text=True,
        timeout=timeout,
    )


def test_own_photos_are_trained_on_and_what_is_not_taken_is_said(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for colour in ("teal", "navy", "olive", "maroon"):
        (folder / f"{colour}.jpg").write_bytes(jpeg(colour=colour))
    (folder / "again.jpg").write_bytes(jpeg(colour="teal"))
    (folder / "phone.heic").write_bytes(bytes(4) + b"ftypheic" + bytes(100))
    for litter in ("._teal.jpg", "Thumbs.db", "desktop.ini"):
        (folder / litter).write_bytes(b"litter")
    result = demo("--photos", str(folder), "--seconds", "2", "--output", str(tmp_path / "out"))
    assert result.returncode == 0, result.stdout + result.stderr
    assert "4 of 6 files taken." in result.stdout
    assert "phone.heic: " in result.stdout and "teal.jpg: This is the same file" in result.stdout
    assert "no photos: ._teal.jpg, Thumbs.db, desktop.ini." in result.stdout


def test_photos_become_a_model_and_the_model_makes_a_picture(tmp_path):
    result = demo("--seconds", "4", "--output", str(tmp_path))
    assert result.returncode == 0, result.stdout + result.stderr
    assert (tmp_path / "demo.safetensors").stat().st_size > 1000
    assert (tmp_path / "demo-image.jpg").stat().st_size > 1000
    assert "SIMULATED" in result.stdout
    assert "Traceback" not in (tmp_path / "services.log").read_text()


def test_a_folder_without_photos_fails_in_one_sentence(tmp_path):
    (tmp_path / "empty").mkdir()
    result = demo("--photos", str(tmp_path / "empty"), "--output", str(tmp_path / "out"))
    assert result.returncode == 1
    assert "holds 0 files that may be photos; 4 to 50 are needed" in result.stderr
    assert "Traceback" not in result.stderr
