"""A run has its photos for itself, on disks with second names and without."""

from __future__ import annotations

import os

import pytest

from trainer.database import Database
from trainer.files.store import FileStore, StoredFile


@pytest.mark.parametrize("has_links", [True, False])
def test_what_a_run_was_given_outlives_the_file_that_it_came_from(has_links, tmp_path, monkeypatch):
    def refused(*_names):
        raise PermissionError(1, "Operation not permitted")

    if not has_links:
        monkeypatch.setattr(os, "link", refused)
    store = FileStore(Database(tmp_path / "trainer.db"), tmp_path)
    file = StoredFile(id="file-1", filename="a.jsonl", purpose="fine-tune", created_at=0.0, size=5)
    (tmp_path / file.id).write_bytes(b"photo")
    store.link(file, tmp_path / "dataset")
    (tmp_path / file.id).unlink()
    assert (tmp_path / "dataset").read_bytes() == b"photo"
