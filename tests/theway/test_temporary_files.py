"""Nothing of a person passes through the machine's shared temporary folder."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from PIL import Image

from models_app.photo_folders import read_folder
from tests.theway.launched import Launched
from theway.demo import mug
from theway.demo.browser import Browser
from theway.demo.journey import Journey
from theway.processes.installation import ROOT, installation_environment

# Runs in every Python process of the installation before anything else, and notes each file or
# folder that is opened for writing, or made, outside of it. Nameless files (O_TMPFILE) show only
# here: the folder's own time does not change with them.
WITNESS = """
import os, sys
shared, own = os.environ["WATCHED"].split(os.pathsep), os.environ["OURS"].split(os.pathsep)
notes = os.open(os.environ["WITNESS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
def witness(event, arguments):
    if event not in {"open", "os.mkdir", "os.rename", "os.link", "os.symlink"}:
        return
    path = arguments[1 if event in {"os.rename", "os.link"} else 0]
    if isinstance(path, int) or event == "open" and not arguments[2] & WRITES:
        return
    path = os.fsdecode(path)
    if any(map(path.startswith, shared)) and not any(map(path.startswith, own)):
        os.write(notes, f"{event} {path} by {sys.argv}\\n".encode())
sys.addaudithook(witness)
"""


class Watched(Launched):
    """An installation whose processes are told another temporary folder, and watched."""

    def __init__(self, folder: Path) -> None:
        self.data, self.shared = folder / "data", folder / "shared"
        self.witnessed = folder / "witnessed"
        for path in (self.data, self.shared, folder / "site"):
            path.mkdir()
        (folder / "site" / "sitecustomize.py").write_text(WITNESS)
        watched = [str(self.shared), tempfile.gettempdir(), "/var/tmp"]  # noqa: S108
        super().__init__(
            self.data,
            TMPDIR=str(self.shared),
            WATCHED=os.pathsep.join(watched),
            OURS=os.pathsep.join(map(str, (self.data, folder / "site"))),
            WITNESS=str(self.witnessed),
            PYTHONPATH=str(folder / "site"),
            TRAINER_SECONDS="2",
        )


def noisy(path: Path) -> Path:
    """Make a photo that no server keeps in memory while it arrives."""
    noise = Image.effect_noise((1300, 1300), 90)
    Image.merge("RGB", [noise] * 3).save(path, compress_level=0)
    assert path.stat().st_size > 4_000_000
    return path


def test_the_witness_sees_even_a_file_without_a_name(tmp_path):
    for name in ("site", "shared", "data"):
        (tmp_path / name).mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(WITNESS)
    env = {
        "PYTHONPATH": str(tmp_path / "site"),
        "TMPDIR": str(tmp_path / "shared"),
        "WATCHED": str(tmp_path),
        "OURS": str(tmp_path / "data"),
        "WITNESS": str(tmp_path / "data" / "witnessed"),
    }
    code = "import os, tempfile; tempfile.TemporaryFile(dir=os.environ['TMPDIR'])"
    subprocess.run([sys.executable, "-c", code], env=env, check=True)
    assert f"open {tmp_path / 'shared'}" in (tmp_path / "data" / "witnessed").read_text()


@pytest.mark.service
def test_a_whole_journey_leaves_no_trace_in_the_shared_temporary_folder(tmp_path):
    (tmp_path / "photos").mkdir()
    mug.render_photos(tmp_path / "photos")
    noisy(tmp_path / "photos" / "large.png")
    installation = Watched(tmp_path)
    before = installation.shared.stat().st_mtime_ns
    try:
        installation.wait_for("Open http://")
        browser = Browser(installation.address)
        journey = Journey(browser, write=lambda _: None, show=lambda *_: None)
        journey.run(read_folder(tmp_path / "photos"), tmp_path)
        assert browser.fetch("/dashboard/data/export").startswith(b"PK")
    finally:
        installation.stop()
    assert installation.witnessed.read_text() == ""
    assert installation.shared.stat().st_mtime_ns == before
    left = [path.name for path in (installation.data / "var" / "uploads").iterdir()]
    assert left == []


TRY = """
import sqlite3, tempfile
with open(tempfile.gettempdir() + "/x", "w"), tempfile.TemporaryFile(): pass
connection = sqlite3.connect("")
connection.execute("PRAGMA cache_size = 1")
connection.execute("CREATE TABLE words AS SELECT hex(randomblob(9000)) AS word")
print(tempfile.gettempdir())
"""


@pytest.mark.parametrize(
    "start",
    ["from theway import settings", "import theway.celery; theway.celery.app.conf.timezone"],
)
def test_every_process_and_whatever_it_starts_has_the_installations_own_folder(tmp_path, start):
    (tmp_path / "shared").mkdir()
    env = installation_environment(tmp_path, port=8000, trainer_port=8100)
    env["TMPDIR"] = str(tmp_path / "shared")
    again = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {TRY!r}], check=True)"
    code = f"{start}\n{TRY}\n{again}"
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=env, check=True, capture_output=True, text=True
    )
    own = tmp_path / "var" / "uploads"
    assert said.stdout.split() == [str(own)] * 2
    assert list((tmp_path / "shared").iterdir()) == []
    assert own.stat().st_mode & 0o777 == 0o700


def test_the_trainers_temporary_folder_is_its_own_and_emptied_at_the_start(tmp_path):
    spool = tmp_path / "spool"
    spool.mkdir()
    (spool / "half an upload").write_bytes(b"a face")
    code = (
        "import os; from pathlib import Path\n"
        "os.umask(0o077)\n"
        "from environment.reading import Environment\n"
        "from trainer.config import Config; from trainer.server import _spool_beside_the_files\n"
        f"env = {{'TRAINER_DIR': {str(tmp_path)!r}}}\n"
        "_spool_beside_the_files(Config.from_environment(Environment(env)))\n"
        "import tempfile; print(tempfile.gettempdir(), os.environ['TMPDIR'])"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert said.stdout.split() == [str(spool)] * 2
    assert list(spool.iterdir()) == []
