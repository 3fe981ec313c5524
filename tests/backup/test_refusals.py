"""What is not restored: strange, damaged and newer archives, and over whom."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pytest

from tests.backup.installations import Installation, installation
from theway.backup.archive import opened
from theway.backup.databases.postgresql import PostgreSQL
from theway.backup.errors import BackupError
from theway.processes.installation import ROOT


@pytest.fixture(scope="module")
def saved(tmp_path_factory) -> Installation:
    made = installation(tmp_path_factory.mktemp("saved"))
    made.fill(1)
    made.manage("backup", str(made.folder / "theway.zip"))
    return made


@pytest.fixture
def archive(saved, tmp_path) -> Path:
    return Path(shutil.copy(saved.folder / "theway.zip", tmp_path))


@pytest.fixture
def fresh(tmp_path) -> Installation:
    return installation(tmp_path / "fresh", is_migrated=False)


def rewrite(archive: Path, change, *, compression: int = zipfile.ZIP_STORED) -> None:
    """Write it anew, with the members and the manifest that `change` leaves."""
    with zipfile.ZipFile(archive) as source:
        members = {name: source.read(name) for name in source.namelist()}
    manifest = json.loads(members.pop("manifest.json"))
    change(members, manifest)
    with zipfile.ZipFile(archive, "w", compression) as target:
        for name, data in members.items():
            target.writestr(name, data)
        target.writestr("manifest.json", json.dumps(manifest), zipfile.ZIP_STORED)


def read(archive: Path, folder: Path) -> None:
    with opened(archive) as reader:
        reader.extract(folder, lambda size: None)


def test_a_rewritten_archive_that_says_the_same_is_read(archive, tmp_path):
    """So that the refusals below are about what they change."""
    rewrite(archive, lambda members, manifest: None)
    read(archive, tmp_path / "out")


@pytest.mark.parametrize(
    "name",
    [
        "../outside",
        "media/../../outside",
        "/etc/passwd",
        "media//a",
        "media/./a",
        "media\\..\\..\\outside",
        "media",
        "media/",
        "journal",
        "settings.py",
        "var/secret_key",
        "",
        ".",
        "media/a\0b",
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(archive, tmp_path, name):
    rewrite(archive, lambda _, manifest: manifest["entries"][-1].update(name=name))
    with pytest.raises(BackupError, match="not ours"):
        read(archive, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def spoil(members, _manifest):
    name = next(name for name in members if name.startswith("media/"))
    members[name] = members[name][:-1] + b"?"


def shorten(members, _manifest):
    members["database"] = members["database"][:-4096]


def lose(members, _manifest):
    members.pop("secret_key")


def forget_the_database(_members, manifest):
    manifest["entries"] = [one for one in manifest["entries"] if one["name"] != "database"]


def name_twice(_members, manifest):
    manifest["entries"].append(manifest["entries"][0])


def lie_about_types(_members, manifest):
    manifest["entries"] = [1]


@pytest.mark.parametrize(
    "change", [spoil, shorten, lose, forget_the_database, name_twice, lie_about_types]
)
def test_what_is_not_as_it_was_saved_is_refused(archive, tmp_path, change):
    rewrite(archive, change)
    with pytest.raises(BackupError, match="damaged"):
        read(archive, tmp_path / "out")


def test_members_that_unfold_are_refused(archive, tmp_path):
    def bomb(members, manifest):
        members["database"] = bytes(10_000_000)
        manifest["entries"][0]["size"] = 10_000_000

    rewrite(archive, bomb, compression=zipfile.ZIP_DEFLATED)
    with pytest.raises(BackupError, match="damaged"):
        read(archive, tmp_path / "out")


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_a_part_of_a_backup_is_none(archive, tmp_path, share):
    data = archive.read_bytes()
    archive.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(BackupError, match="part of one"):
        read(archive, tmp_path / "out")


def test_another_zip_is_no_backup(tmp_path):
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as other:
        other.writestr("media/a.jpg", b"a")
    with pytest.raises(BackupError, match="no manifest"):
        read(tmp_path / "other.zip", tmp_path / "out")


def test_a_damaged_archive_changes_nothing_at_all(saved, archive):
    rewrite(archive, spoil)
    before = saved.files(), saved.photos()
    assert "damaged" in saved.manage("restore", str(archive), "--replace", fails=True)
    assert (saved.files(), saved.photos()) == before
    assert not list((saved.folder / "var").glob("restore-*"))


def test_a_newer_schema_is_refused_by_name(archive, fresh):
    rewrite(archive, lambda _, manifest: manifest["migrations"].append(["jobs", "0999_future"]))
    assert "jobs.0999_future" in fresh.manage("restore", str(archive), fails=True)
    assert not fresh.files()


def test_another_kind_of_database_is_refused(archive, fresh):
    rewrite(archive, lambda _, manifest: manifest.update(database="postgresql"))
    assert "postgresql" in fresh.manage("restore", str(archive), fails=True)


def test_while_a_service_runs_nothing_is_restored(saved, archive):
    with saved.web() as site:
        said = saved.manage("restore", str(archive), "--replace", fails=True)
        assert "Stop all of its services" in said
        assert site.get("/healthz") == b"ok"


def test_a_program_of_the_database_that_is_missing_is_named(monkeypatch, tmp_path, settings):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(settings.DATABASES["default"], "NAME", "none")
    with pytest.raises(BackupError, match="pg_restore is not installed here"):
        PostgreSQL().check(tmp_path / "dump")


@pytest.mark.parametrize(
    ("target", "why"),
    [("media/theway.zip", "hold itself"), ("missing/theway.zip", "not a folder")],
)
def test_a_backup_is_not_written_where_it_does_harm(saved, target, why):
    assert why in saved.manage("backup", str(saved.folder / target), fails=True)


def test_a_file_that_is_no_backup_is_not_overwritten(saved, tmp_path):
    precious = tmp_path / "README.md"
    shutil.copy(ROOT / "README.md", precious)
    assert "no backup" in saved.manage("backup", str(precious), fails=True)
    assert precious.read_bytes() == (ROOT / "README.md").read_bytes()


def test_where_there_is_nothing_yet_nothing_is_saved(fresh, tmp_path):
    assert "nothing to save" in fresh.manage("backup", str(tmp_path / "a.zip"), fails=True)
    assert not (tmp_path / "a.zip").exists()
