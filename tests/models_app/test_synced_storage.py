"""What a row says exists must be on the disk: a power cut takes everything else."""

import os

from django.core.files.base import ContentFile

from models_app.synced_storage import SyncedStorage


def test_a_file_its_folders_and_their_names_are_on_the_disk(tmp_path, monkeypatch):
    synced = []
    real_sync = os.fsync

    def noted(descriptor: int) -> None:
        synced.append(os.fstat(descriptor).st_ino)
        real_sync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    stored = SyncedStorage(location=tmp_path).save("weights/ann/a.bin", ContentFile(b"123"))
    path = tmp_path / stored
    expected = [path, path.parent, path.parent.parent, tmp_path]
    assert synced == [one.stat().st_ino for one in expected]


def test_the_installation_keeps_its_files_this_way():
    from django.core.files.storage import default_storage

    assert isinstance(default_storage, SyncedStorage)
