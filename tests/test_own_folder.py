"""A session of tests deletes what it made, and never an installation of somebody's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ONE = "tests/jobs/test_backoff.py"


@pytest.mark.parametrize("more", [[], ["--ds=theway.settings"]])
def test_other_settings_in_the_environment_delete_nothing(tmp_path, more):
    photo = tmp_path / "media" / "photo"
    photo.parent.mkdir()
    photo.write_text("somebody's")
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *more, ONE],
        cwd=ROOT,
        env=os.environ
        | {"DJANGO_SETTINGS_MODULE": "theway.settings", "THEWAY_DATA_DIR": str(tmp_path)},
        capture_output=True,
        check=False,
    )
    assert photo.read_text() == "somebody's"
