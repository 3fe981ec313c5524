"""What a backup of a busy installation gives back, with each kind of database."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import subprocess
import sys
import zipfile

import psycopg
import pytest

from bench.services import find_postgres, postgres, postgres_url
from tests.backup.installations import installation
from theway.processes.installation import ROOT

needs_postgres = pytest.mark.skipif(
    find_postgres() is None and not os.environ.get("THEWAY_REQUIRE_SERVICES"),
    reason="PostgreSQL is not installed",
)
_KILLED = """
import os, signal, sys, django
from pathlib import Path
django.setup()
from theway.backup.making import make
target = Path(sys.argv[1])
def die_with_a_dump(_size):
    if len(list(target.parent.iterdir())) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
make(target, die_with_a_dump)
"""


def assert_whole(restored):
    """Every row's files are there, as they were sent; and there are no others but the newest,
    which were stored while the database was being saved."""
    rows, files = restored.photos(), restored.files()
    assert rows
    for file, thumbnail, sha256 in rows:
        for name in (file, thumbnail):
            assert hashlib.sha256(files[name]).hexdigest() == sha256
    named = {name for row in rows for name in row[:2]}
    return len(files.keys() - named)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=needs_postgres)])
def databases(request, tmp_path):
    """Return the addresses of two databases, "" for an installation's own file."""
    if request.param == "sqlite":
        yield "", ""
        return
    with postgres() as service:
        first = postgres_url(service)
        second = first.removesuffix("theway") + "second"
        with psycopg.connect(first, autocommit=True) as connection:
            connection.execute("CREATE DATABASE second")
        yield first, second


def test_a_busy_installation_is_saved_and_comes_back_whole(tmp_path, databases):
    busy = installation(tmp_path / "busy", database_url=databases[0])
    archive = tmp_path / "theway.zip"
    with busy.busy():
        said = busy.manage("backup", str(archive))
    assert "verified" in said
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["theway.zip"]

    fresh = installation(tmp_path / "fresh", database_url=databases[1], is_migrated=False)
    assert "manage.py reconcile" in fresh.manage("restore", str(archive))
    assert assert_whole(fresh) < 60
    assert len(fresh.photos()) >= 57
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (fresh.folder / "media").rglob("*")}
    assert modes == {0o700, 0o600}
    assert not list((fresh.folder / "var").glob("restore-*"))


def test_the_restored_site_shows_people_their_photos_and_knows_them(tmp_path):
    """The session goes on too: the secret key came along."""
    busy = installation(tmp_path / "busy")
    busy.fill()
    cookie, path = busy.signed_in()
    with busy.web() as site:
        photo = site.get(path, cookie)
        busy.manage("backup", str(tmp_path / "theway.zip"))
    fresh = installation(tmp_path / "fresh", is_migrated=False)
    fresh.manage("restore", str(tmp_path / "theway.zip"))
    with fresh.web() as site:
        assert site.get(path, cookie) == photo
        assert any("manage.py reconcile" in problem for problem in site.problems())
        fresh.manage("reconcile")
        assert not any("reconcile" in problem for problem in site.problems())
    assert fresh.files() == busy.files()


def test_what_came_after_the_backup_is_replaced_when_asked(tmp_path, databases):
    one = installation(tmp_path / "one", database_url=databases[0])
    one.fill()
    before, archive = one.photos(), str(tmp_path / "theway.zip")
    one.manage("backup", archive)
    one.fill()
    assert one.photos() != before
    assert "not empty" in one.manage("restore", archive, fails=True)
    one.manage("restore", archive, "--replace")
    assert one.photos() == before
    assert_whole(one)


def test_a_killed_backup_leaves_the_old_one_and_the_next_one_cleans_up(tmp_path):
    one = installation(tmp_path / "one")
    one.fill()
    folder = tmp_path / "backups"
    folder.mkdir()
    archive = folder / "theway.zip"
    one.manage("backup", str(archive))
    old = archive.read_bytes()
    killed = [sys.executable, "-c", _KILLED, str(archive)]
    assert subprocess.run(killed, env=one.env, cwd=ROOT).returncode == -9
    assert archive.read_bytes() == old
    assert len(list(folder.iterdir())) > 1
    one.manage("backup", str(archive))
    assert list(folder.iterdir()) == [archive]


@pytest.mark.skipif(shutil.which("unzip") is None, reason="unzip is not installed")
def test_other_programs_can_open_it(tmp_path):
    one = installation(tmp_path / "one")
    one.manage("backup", str(tmp_path / "theway.zip"))
    subprocess.run(["unzip", "-tq", tmp_path / "theway.zip"], check=True, capture_output=True)


def test_the_members_are_named_as_what_they_are(tmp_path):
    one = installation(tmp_path / "one")
    one.manage("backup", str(tmp_path / "theway.zip"))
    with zipfile.ZipFile(tmp_path / "theway.zip") as archive:
        assert archive.namelist() == ["database", "secret_key", "manifest.json"]
