"""Collecting static files touches nothing that is not TheWay's."""

from __future__ import annotations

import pytest

from theway.launcher import static_files
from theway.launcher.static_files import MARK, ForeignFolderError


@pytest.fixture
def folder(settings, tmp_path):
    """Return the folder of STATIC_DIR, which does not exist yet."""
    settings.VAR_DIR = tmp_path / "var"
    settings.VAR_DIR.mkdir()
    settings.STATIC_ROOT = tmp_path / "static"
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "theway.static_storage.StaticStorage"}
    }
    return settings.STATIC_ROOT


def collect() -> None:
    static_files.collect(lambda text: None)


def test_a_folder_with_somebody_elses_files_is_refused_and_left_as_it_is(folder):
    (folder / "css").mkdir(parents=True)
    (folder / "css/base.css").write_text("mine")
    with pytest.raises(ForeignFolderError, match=r"STATIC_DIR holds other files \(css\)"):
        collect()
    assert [path.name for path in folder.rglob("*")] == ["css", "base.css"]
    assert (folder / "css/base.css").read_text() == "mine"


def test_what_somebody_put_there_later_stays_when_the_files_are_collected_anew(folder, settings):
    collect()
    (folder / "robots.txt").write_text("mine")
    (folder / "css/base.css").write_text("old")
    (folder / "css/base.0123456789ab.css.gz").write_text("old")
    (settings.VAR_DIR / "static-files").unlink()
    collect()
    assert (folder / "robots.txt").read_text() == "mine"
    assert (folder / "css/base.css").read_text() != "old"
    assert not (folder / "css/base.0123456789ab.css.gz").exists()
    assert (folder / "staticfiles.json").exists()


def test_a_collection_that_was_cut_off_is_done_again(folder, settings):
    collect()
    (settings.VAR_DIR / "static-files").unlink()
    for path in [path for path in folder.iterdir() if path.name != MARK and path.is_file()]:
        path.unlink()
    collect()
    assert (folder / "favicon.svg").exists()
