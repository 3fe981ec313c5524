"""Two installations on one machine, in folders whose names mean something elsewhere."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
import requests

from tests.theway.launched import READY_LIMIT, Launched
from theway.processes.installation import ROOT, installation_environment
from theway.processes.ports import unused_port
from theway.processes.process import Process

pytestmark = [
    pytest.mark.service,
    pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc"),
]
# Spaces, what URLs, shells and templates take for their own, and letters in two parts.
FIRST = unicodedata.normalize("NFD", " Meine Fotos für #1?a=%41&b=$HOME;'x'\"y\" {z} ~ 📷")
SECOND = "-r\n*[a]:\\" + "long" * 40
PASSWORD = "correct horse battery staple"


def launch(folder: Path, **variables: str) -> Launched:
    folder.mkdir()
    # Empty: where the database and the trainer's files lie follows from the folder alone.
    site = Launched(folder, DATABASE_URL="", TRAINER_DIR="", **variables)
    site.wait_for("Open http://")
    return site


@pytest.fixture
def sites(tmp_path):
    started: list[Launched] = []
    try:
        for name in (FIRST, SECOND):
            started.append(launch(tmp_path / "both" / name, LOG_LEVEL="WARNING"))
        yield started
    finally:
        for site in started:
            site.kill()
            site.wait_until_gone()


@pytest.fixture(autouse=True)
def place(tmp_path):
    (tmp_path / "both").mkdir()


def sign_up(browser: requests.Session, site: Launched, email: str) -> None:
    url = f"{site.address}/accounts/signup/"
    token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', browser.get(url, timeout=30).text)
    form = {"csrfmiddlewaretoken": token[1], "email": email, "password1": PASSWORD}
    browser.post(url, form, headers={"Referer": url}, timeout=30)


def is_signed_in(browser: requests.Session, site: Launched) -> bool:
    answer = browser.get(f"{site.address}/dashboard/", timeout=30, allow_redirects=False)
    return answer.status_code == 200


def open_files(site: Launched) -> set[str]:
    """What the site's processes, those of the launcher included, hold open."""
    links = [link for pid in [*site.pids(), site.pid] for link in Path(f"/proc/{pid}/fd").iterdir()]
    return {os.readlink(link) for link in links if link.is_symlink()}  # noqa: PTH115


def test_two_installations_share_nothing_whatever_their_folders_are_called(sites, tmp_path):
    one, other = sites
    with requests.Session() as browser:  # cookies know hosts, not ports
        sign_up(browser, one, "ann@example.org")
        assert (is_signed_in(browser, one), is_signed_in(browser, other)) == (True, False)
        sign_up(browser, other, "bob@example.org")
        assert (is_signed_in(browser, one), is_signed_in(browser, other)) == (True, True)
    for site, stranger in ((one, other), (other, one)):
        names = ("var/db.sqlite3", "var/trainer/trainer.db", "var/broker/queue", "media")
        assert [name for name in names if not (site.folder / name).exists()] == []
        held = open_files(site)
        assert str(site.folder / "var/db.sqlite3") in held
        assert [name for name in held if name.startswith(f"{stranger.folder}/")] == []
    assert {path.name for path in (tmp_path / "both").iterdir()} == {FIRST, SECOND}


def test_the_project_itself_may_lie_in_any_folder(tmp_path):
    """`make run` in a clone, with an environment that is there already."""
    project = tmp_path / "my photos #1 $x 'y' & (z)"
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    for name in filter(None, tracked.stdout.decode().split("\0")):
        if not name.startswith(("tests/", "bench/")) and (ROOT / name).is_file():
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, project / name)
    (project / ".venv").symlink_to(Path(sys.prefix))
    port, trainer_port = unused_port(), unused_port()
    env = installation_environment(project, port=port, trainer_port=trainer_port)
    run = Process(
        "make run",
        ["make", "run", "RUN_STAMP=Makefile"],  # nothing is installed anew
        cwd=project,
        env=env | {"THEWAY_DATA_DIR": "", "DATABASE_URL": "", "TRAINER_DIR": ""},
        port=port,
        ready_line="Open http://",
        log_file=tmp_path / "run.log",
    )
    try:
        run.start(READY_LIMIT)
    finally:
        run.stop()
    assert (project / "var/db.sqlite3").is_file()
    assert (project / "var/trainer").is_dir()
    assert {path.name for path in tmp_path.iterdir()} == {project.name, "both", "run.log"}
    assert "Traceback" not in run.log


def test_an_environment_is_made_in_any_folder_too(tmp_path):
    """`-m venv` itself refuses a colon, which separates the folders of PATH."""
    project = tmp_path / "my photos: 1/2 'y' $x"
    project.mkdir(parents=True)
    made = subprocess.run(
        [ROOT / ".ci" / "make-venv", ".venv"], cwd=project, capture_output=True, text=True
    )
    assert made.returncode == 0, made.stderr
    ask = [".venv/bin/python", "-m", "pip", "--version"]
    answer = subprocess.run(ask, cwd=project, capture_output=True, text=True, check=True)
    assert str(project / ".venv") in answer.stdout


def test_every_tool_is_started_by_the_environments_python():
    """Scripts in `.venv/bin` name it in their first line, where a shell reads `$` in its path."""
    makefile = (ROOT / "Makefile").read_text()
    assert re.findall(r"\$\(VENV\)/bin/(\w+)", makefile) == ["python"]
