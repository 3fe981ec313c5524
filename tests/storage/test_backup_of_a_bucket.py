"""Saving and restoring an installation whose files are in a bucket, as docs/storage.md says."""

from __future__ import annotations

import hashlib

import pytest

from tests.backup.installations import Installation, installation
from tests.storage.bucket_server import BucketServer


@pytest.fixture
def busy(tmp_path, bucket_server) -> Installation:
    made = installation(tmp_path / "busy")
    made.env |= bucket_server.variables(bucket_server.new_bucket())
    made.fill(models=2)
    return made


def copied(server: BucketServer, bucket: str) -> str:
    """Copy a bucket by the service's own means, as an operator does it; return the copy's name."""
    client, copy = server.client(), server.new_bucket()
    for name in server.names_in(bucket):
        source = {"Bucket": bucket, "Key": name}
        client.copy_object(Bucket=copy, Key=name, CopySource=source)
    return copy


def restored(tmp_path, server: BucketServer, bucket: str, archive: str) -> Installation:
    fresh = installation(tmp_path / "fresh", is_migrated=False)
    fresh.env |= server.variables(bucket)
    fresh.manage("restore", archive)
    return fresh


def test_a_backup_and_a_copy_of_the_bucket_are_a_whole_installation(tmp_path, busy, bucket_server):
    cookie, path = busy.signed_in()
    bucket, archive = busy.env["S3_BUCKET"], str(tmp_path / "theway.zip")
    with busy.web() as site:
        photo = site.get(path, cookie)
    said = busy.manage("backup", archive)
    assert "bucket" in said
    copy = copied(bucket_server, bucket)
    assert bucket_server.empty(bucket)  # the machine and its bucket are gone

    fresh = restored(tmp_path, bucket_server, copy, archive)
    with fresh.web() as site:
        assert site.get(path, cookie) == photo
    assert fresh.photos() == busy.photos()
    client = bucket_server.client()
    for name, thumbnail, sha256 in fresh.photos():
        for key in (name, thumbnail):
            data = client.get_object(Bucket=copy, Key=key)["Body"].read()
            assert hashlib.sha256(data).hexdigest() == sha256
    assert "0 files without a row" in (said := fresh.manage("orphans"))
    assert "0 rows without a file" in said
    assert fresh.files() == {}


def test_what_the_copy_of_the_bucket_lacks_is_named_after_a_restore(tmp_path, busy, bucket_server):
    archive = str(tmp_path / "theway.zip")
    busy.manage("backup", archive)
    copy = copied(bucket_server, busy.env["S3_BUCKET"])
    lost = busy.photos()[0][0]
    bucket_server.client().delete_object(Bucket=copy, Key=lost)
    fresh = restored(tmp_path, bucket_server, copy, archive)
    said = fresh.manage("orphans")
    assert f"no file: {lost}" in said and "1 rows without a file" in said
