"""What a killed process leaves of uploads goes, and what is still needed stays."""

from __future__ import annotations

import os
import time

import pytest
from django.conf import settings as site

from models_app.tasks import sweep_uploads
from models_app.uploads import ABANDONED_SECONDS


@pytest.fixture
def folder(settings, tmp_path):
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path
    return tmp_path


def test_only_what_is_older_than_any_upload_goes(folder):
    old, new = folder / "old.upload.jpg", folder / "new.upload.jpg"
    for path in (old, new):
        path.write_bytes(b"a face")
    (folder / "a-folder").mkdir()
    then = time.time() - ABANDONED_SECONDS - 1
    os.utime(old, (then, then))
    sweep_uploads()
    assert sorted(path.name for path in folder.iterdir()) == ["a-folder", "new.upload.jpg"]


def test_a_folder_goes_once_nothing_in_it_is_written_any_more(folder):
    for name in ("left", "used"):
        (folder / name / "inner").mkdir(parents=True)
        (folder / name / "inner" / "photo").write_bytes(b"a face")
    then = time.time() - ABANDONED_SECONDS - 1
    for path in [*folder.rglob("*"), folder]:
        if path != folder / "used" / "inner" / "photo":
            os.utime(path, (then, then))
    sweep_uploads()
    assert [path.name for path in folder.iterdir()] == ["used"]


def test_it_happens_every_hour():
    schedule = site.CELERY_BEAT_SCHEDULE["uploads"]
    assert (schedule["task"], schedule["schedule"]) == (sweep_uploads.name, 3600.0)


def test_uploads_wait_inside_the_installation_for_its_own_account():
    assert site.VAR_DIR in site.FILE_UPLOAD_TEMP_DIR.parents
    assert site.FILE_UPLOAD_TEMP_DIR.stat().st_mode & 0o777 == 0o700
