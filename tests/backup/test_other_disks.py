"""Photos on another disk than the rest, and files that are not where their rows say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.backup.installations import Installation, installation
from tests.backup.test_backup import assert_whole
from theway.processes.installation import ROOT


@pytest.fixture
def moved(tmp_path) -> Installation:
    """An installation whose photos were moved to another disk, and linked from there."""
    disk, filled = tmp_path / "disk", installation(tmp_path / "theway")
    filled.fill()
    photos = filled.folder / "media/photos"
    photos.rename(disk)
    photos.symlink_to(disk)
    return filled


def stored_on(disk: Path) -> set[str]:
    return {path.name for path in disk.rglob("*") if path.is_file()}


def test_photos_in_a_linked_folder_are_saved(moved, tmp_path):
    moved.manage("backup", str(tmp_path / "theway.zip"))
    fresh = installation(tmp_path / "fresh", is_migrated=False)
    fresh.manage("restore", str(tmp_path / "theway.zip"))
    assert assert_whole(fresh) == 0


def test_photos_that_are_replaced_stay_on_their_disk(moved, tmp_path):
    moved.manage("backup", str(tmp_path / "theway.zip"))
    saved = stored_on(tmp_path / "disk")
    (tmp_path / "disk/came-later.png").write_bytes(b"later")
    moved.manage("restore", "--replace", str(tmp_path / "theway.zip"))
    assert (moved.folder / "media/photos").is_symlink()
    assert stored_on(tmp_path / "disk") == saved
    assert not list(moved.folder.rglob(".replaced")) and not list(tmp_path.glob("disk/.*"))


def test_a_link_that_leads_in_a_circle_is_not_followed(moved, tmp_path):
    (tmp_path / "disk/again").symlink_to(moved.folder / "media")
    said = moved.manage("backup", str(tmp_path / "theway.zip"))
    assert f"{2 + 4 * 3 * 2} files" in said


def test_files_that_are_not_there_are_named(moved, tmp_path):
    lost = moved.photos()[0][0]
    (moved.folder / "media" / lost).unlink()
    command = [sys.executable, "manage.py", "backup", str(tmp_path / "theway.zip")]
    done = subprocess.run(command, cwd=ROOT, env=moved.env, capture_output=True, text=True)
    assert done.returncode == 0
    assert "1 files, such as media/" in done.stderr and lost in done.stderr
