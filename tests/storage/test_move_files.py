"""Moving an installation between disk and bucket, as its operator does it, with a real service."""

from __future__ import annotations

import json
import random
import shutil
import sys
from pathlib import Path

import pytest

from tests.backup.installations import Installation, installation
from tests.storage.bucket_server import BucketServer
from theway.processes.installation import ROOT
from theway.processes.process import Process
from theway.processes.waiting import wait_until


@pytest.fixture(scope="module")
def filled(tmp_path_factory) -> Path:
    """The folder of an installation with photos, to be copied: making one takes seconds."""
    made = installation(tmp_path_factory.mktemp("filled") / "site")
    made.fill(models=3)
    return made.folder


@pytest.fixture
def site(tmp_path, filled, bucket_server) -> Installation:
    """An installation with photos on its disk, and an empty bucket beside it."""
    shutil.copytree(filled, tmp_path / "site")
    made = installation(tmp_path / "site", is_migrated=False)
    made.env |= bucket_server.variables(bucket_server.new_bucket(), FILE_STORAGE="disk")
    return made


def in_bucket(server: BucketServer, site: Installation) -> dict[str, bytes]:
    client, bucket = server.client(), site.env["S3_BUCKET"]
    names = server.names_in(bucket)
    return {n: client.get_object(Bucket=bucket, Key=n)["Body"].read() for n in names}


def test_everything_goes_to_the_bucket_and_comes_back(site, bucket_server):
    files = site.files()
    said = site.manage("move_files", "--to", "bucket")
    assert f"{len(files)} files copied" in said and "Set FILE_STORAGE=bucket" in said
    assert in_bucket(bucket_server, site) == files == site.files()

    site.env["FILE_STORAGE"] = "bucket"
    said = site.manage("move_files", "--to", "bucket", "--delete-originals")
    assert f"Deleted {len(files)}" in said
    assert site.files() == {} and in_bucket(bucket_server, site) == files

    site.manage("move_files", "--to", "disk")
    assert site.files() == files
    site.env["FILE_STORAGE"] = "disk"
    site.manage("move_files", "--to", "disk", "--delete-originals")
    assert in_bucket(bucket_server, site) == {} and site.files() == files


def test_originals_that_are_in_use_are_not_deleted(site):
    site.manage("move_files", "--to", "bucket")
    said = site.manage("move_files", "--to", "bucket", "--delete-originals", fails=True)
    assert "still uses its disk" in said
    assert site.files()


def test_what_the_bucket_has_lost_is_kept_on_the_disk(site, bucket_server):
    files = site.files()
    site.manage("move_files", "--to", "bucket")
    site.env["FILE_STORAGE"] = "bucket"
    bucket = site.env["S3_BUCKET"]
    lost = next(name for name in files if "thumb" not in name)
    bucket_server.client().delete_object(Bucket=bucket, Key=lost)
    said = site.manage("move_files", "--to", "bucket", "--delete-originals", fails=True)
    assert "1 files were kept" in said
    assert site.files() == {lost: files[lost]}


def test_nothing_is_deleted_that_was_never_copied(site):
    site.env["FILE_STORAGE"] = "bucket"
    said = site.manage("move_files", "--to", "bucket", "--delete-originals", fails=True)
    assert "never compared" in said.replace("\n", " ")
    assert site.files()


def test_half_a_file_in_the_bucket_is_replaced(site, bucket_server):
    files = site.files()
    half = next(iter(files))
    bucket_server.client().put_object(
        Bucket=site.env["S3_BUCKET"], Key=half, Body=files[half][: len(files[half]) // 2]
    )
    site.manage("move_files", "--to", "bucket")
    assert in_bucket(bucket_server, site) == files


def test_while_services_run_it_only_copies_ahead(site, bucket_server):
    with site.web():
        said = site.manage("move_files", "--to", "bucket", fails=True)
        assert "Stop all of its services" in said
        assert in_bucket(bucket_server, site) == {}
        said = site.manage("move_files", "--to", "bucket", "--ahead")
        assert "without --ahead" in said
        assert in_bucket(bucket_server, site) == site.files()


@pytest.mark.parametrize("to", ["bucket", "disk"])
def test_one_that_is_killed_again_and_again_gets_there(site, bucket_server, to):
    files = site.files()
    if to == "disk":
        site.manage("move_files", "--to", "bucket")
        site.env["FILE_STORAGE"] = "bucket"
        site.manage("move_files", "--to", "bucket", "--delete-originals")
    notes = site.folder / "var" / "moved-files.jsonl"
    command = [sys.executable, "manage.py", "move_files", "--to", to]
    for wanted in sorted(random.sample(range(1, len(files)), 3)):
        process = Process("move", command, ROOT, site.env, log_file=site.folder / "move.log")
        process.launch()

        def has_come_so_far(wanted: int = wanted, process: Process = process) -> bool:
            done = notes.read_text().count("sha256") if notes.exists() else 0
            return done >= wanted or not process.is_alive

        wait_until(has_come_so_far, 60, interval=0.001)
        process.kill()
    said = site.manage("move_files", "--to", to)
    assert "has everything" in said
    arrived = in_bucket(bucket_server, site) if to == "bucket" else site.files()
    assert arrived == files
    names = [json.loads(line)["name"] for line in notes.read_text().splitlines() if line]
    assert set(names) == set(files)


def test_a_bucket_that_is_away_is_said_in_a_sentence(site):
    site.env["S3_ENDPOINT_URL"] = "http://127.0.0.1:9"
    said = site.manage("move_files", "--to", "bucket", fails=True)
    assert "cannot be used" in said and "it goes on" in said
    assert site.env["S3_SECRET_ACCESS_KEY"] not in said


def test_without_a_bucket_there_is_nowhere_to_move_to(tmp_path):
    made = installation(tmp_path / "site")
    assert "No bucket is set up" in made.manage("move_files", "--to", "bucket", fails=True)
