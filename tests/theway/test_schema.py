"""A database that is not of this release, or none at all, ends the start with a sentence."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.theway.test_refused_settings import STARTS, start
from theway.processes.ports import unused_port


def launched(name: str, folder: Path):
    ports = {"PORT": str(unused_port()), "TRAINER_PORT": str(unused_port()), "TRAINER_URL": ""}
    return start(name, folder, **ports)


def applied(folder: Path, app: str) -> None:
    """Note a migration that is in no release of ours."""
    with closing(sqlite3.connect(folder / "var/db.sqlite3")) as database, database:
        database.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES (?, ?, ?)",
            [app, "0099_later", "2030-01-01"],
        )


@pytest.mark.parametrize("name", ["make run", "migrate"])
@pytest.mark.parametrize("app", ["models_app", "accounts", "generation"])
def test_an_older_release_leaves_a_newer_database_alone(name, app, tmp_path):
    assert start("migrate", tmp_path).returncode == 0
    applied(tmp_path, app)
    before = (tmp_path / "var/db.sqlite3").read_bytes()
    done = launched(name, tmp_path)
    assert done.returncode == 1
    assert f"A newer TheWay has changed this database ({app}.0099_later)." in done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "var/db.sqlite3").read_bytes() == before


def test_what_a_library_no_longer_has_is_no_newer_database(tmp_path):
    assert start("migrate", tmp_path).returncode == 0
    applied(tmp_path, "account")
    applied(tmp_path, "gone")
    assert start("migrate", tmp_path).returncode == 0


def test_a_damaged_database_is_named_without_a_traceback(tmp_path):
    (tmp_path / "var").mkdir()
    (tmp_path / "var/db.sqlite3").write_bytes(os.urandom(8192))
    done = launched("make run", tmp_path)
    assert done.returncode == 1
    assert "The database cannot be used: file is not a database." in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_that_cannot_be_used_is_named_without_a_traceback(tmp_path):
    (tmp_path / "var/launcher.lock").mkdir(parents=True)
    done = launched("make run", tmp_path)
    assert done.returncode == 1
    assert f"{tmp_path}/var/launcher.lock cannot be used: Is a directory." in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="is about root")
@pytest.mark.parametrize("name", STARTS.keys() - {"trainer", "probe"})
def test_root_makes_no_file_in_another_accounts_installation(name, tmp_path):
    """Not in a new folder either; files of root's would be closed to the services."""
    for folder in (tmp_path / "new", tmp_path / "old"):
        (folder / ("var" if folder.name == "old" else "")).mkdir(parents=True)
        for path in (folder, *folder.iterdir()):
            os.chown(path, 54_321, 54_321)
        done = launched(name, folder)
        assert done.returncode == 1
        assert "Run this as: sudo -u '#54321' …" in done.stderr
        assert "Traceback" not in done.stderr
        assert {path.stat().st_uid for path in folder.rglob("*")} <= {54_321}


@pytest.mark.skipif(os.geteuid() != 0, reason="is about root")
def test_root_may_go_on_with_what_is_roots(tmp_path):
    (tmp_path / "var").mkdir()
    os.chown(tmp_path, 54_321, 54_321)
    assert start("check", tmp_path).returncode == 0
