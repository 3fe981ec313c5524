"""Whatever is started with a setting that cannot be meant so says it in a sentence and ends."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from environment.values import ROOT
from environment.variables import ALL

STARTS = {
    "make run": ["manage.py", "up"],
    "migrate": ["manage.py", "migrate"],
    "check": ["manage.py", "check"],
    "web": ["-m", "theway.server"],
    "worker": ["-m", "celery", "--quiet", "-A", "theway", "worker", "-Q", "calls"],
    "beat": ["-m", "celery", "--quiet", "-A", "theway", "beat", "--pidfile="],
    "trainer": ["-m", "trainer"],
    "probe": ["-m", "theway.probe"],
}
NAMES = {variable.name for variable in ALL}


def start(name: str, folder, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {key: value for key, value in os.environ.items() if key not in NAMES}
    env = kept | {"THEWAY_DATA_DIR": str(folder), "TRAINER_DIR": str(folder)} | variables
    return subprocess.run(
        [sys.executable, *STARTS[name]],
        cwd=ROOT,
        env={key: value for key, value in env.items() if key != "DJANGO_SETTINGS_MODULE"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("name", STARTS)
def test_whatever_starts_says_what_is_wrong_in_a_sentence(name, tmp_path):
    variable = {"trainer": "TRAINER_SECONDS", "probe": "PORT"}.get(name, "SIGNUP_OPEN")
    done = start(name, tmp_path / "data", **{variable: "s3cret"})
    assert done.returncode in {1, 2}
    assert f"{variable} must be " in done.stderr.strip().splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert "s3cret" not in done.stdout + done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("place", ["a file", "too long", "not a folder's"])
def test_a_data_folder_that_cannot_be_is_named_without_a_traceback(place, tmp_path):
    (tmp_path / "file").touch()
    folder = {"a file": "file", "too long": "x" * 300, "not a folder's": "file/data"}[place]
    done = start("check", tmp_path, THEWAY_DATA_DIR=str(tmp_path / folder))
    assert done.returncode == 1
    assert done.stderr.startswith("The folder of THEWAY_DATA_DIR is of no use: ")
    assert done.stderr.count("\n") == 1


def test_a_folder_too_deep_for_the_database_is_said_to_be(tmp_path):
    done = start("migrate", tmp_path, THEWAY_DATA_DIR=str(tmp_path.joinpath(*["x" * 200] * 3)))
    assert done.returncode == 1
    assert done.stderr.startswith("The folder of the database has too long a name for SQLite")


def test_a_database_in_a_folder_that_does_not_exist_is_refused(tmp_path):
    done = start("migrate", tmp_path, DATABASE_URL=f"sqlite:///{tmp_path}/nowhere/db.sqlite3")
    assert done.returncode == 1
    assert done.stderr.startswith("DATABASE_URL names a file in a folder that does not exist")


def test_a_trainer_without_a_folder_says_so(tmp_path):
    (tmp_path / "file").touch()
    done = start("trainer", tmp_path, TRAINER_DIR=str(tmp_path / "file" / "runs"))
    assert done.returncode == 2
    assert "The folder of TRAINER_DIR is of no use: Not a directory." in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("code", ["klingon", "x", "de_DE"])
def test_a_language_that_does_not_exist_is_refused(code, tmp_path):
    done = start("check", tmp_path, SITE_LANGUAGE=code)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("SITE_LANGUAGE must be ")


def test_a_misspelt_name_is_pointed_out_and_the_command_goes_on(tmp_path):
    done = start("check", tmp_path, SIGN_UP_OPEN="false")
    assert done.returncode == 0
    assert "SIGN_UP_OPEN is not known. Is SIGNUP_OPEN meant?" in done.stderr
