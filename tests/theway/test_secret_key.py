"""The secret key, on any disk and after any accident."""

from __future__ import annotations

import errno
import os

import pytest

from environment.errors import SettingError
from models_app.disk import sync
from theway.secret_key import load_secret_key


@pytest.mark.parametrize("number", [errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EIO])
def test_a_disk_without_second_names_can_hold_a_key(number, tmp_path, monkeypatch):
    """exFAT, SMB, shares of virtual machines: link(2) fails there in all these ways."""

    def refused(*_names):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "link", refused)
    key = load_secret_key(tmp_path / "secret_key")
    assert len(key) > 50
    assert load_secret_key(tmp_path / "secret_key") == key
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


@pytest.mark.parametrize("content", [b"", b" \n"])
def test_a_key_that_was_lost_is_not_replaced_without_a_word(content, tmp_path):
    path = tmp_path / "secret_key"
    path.write_bytes(content)
    with pytest.raises(SettingError, match=r"is empty\. Put back the file from a backup; or"):
        load_secret_key(path)
    assert path.read_bytes() == content


def test_what_is_no_key_is_named_in_a_sentence(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(SettingError, match="cannot be read or made: Is a directory"):
        load_secret_key(tmp_path / "folder")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingError, match="cannot be read or made: it holds no text"):
        load_secret_key(tmp_path / "bytes")


def test_a_share_that_cannot_sync_folders_is_no_error_and_a_file_that_is_not_synced_is(
    tmp_path, monkeypatch
):
    def refused(_descriptor):
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(os, "fsync", refused)
    sync(tmp_path)
    (tmp_path / "photo").touch()
    with pytest.raises(OSError, match="Invalid argument"):
        sync(tmp_path / "photo")
