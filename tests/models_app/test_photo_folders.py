"""A folder of photos: known litter is skipped, and nothing is dropped without a word."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from models_app.photo_folders import FolderError, account_of, is_litter, read_folder, shown_name

LITTER = [
    "._IMG_1.jpg", ".DS_Store", "Thumbs.db", "thumbs.DB", "desktop.ini", "ehthumbs.db",
    "Icon\r", ".hidden.png", "IMG_1.AAE", "IMG_1.xmp", "~$notes.jpg", "Picasa.ini",
]  # fmt: skip
PHOTOS = ["a.jpg", "B.JPEG", "c.webp", "d.heic", "no ending", "notes.txt", "Thumbs.db.jpg"]


@pytest.mark.parametrize("name", LITTER)
def test_what_systems_leave_in_folders_is_litter(name):
    assert is_litter(name)


@pytest.mark.parametrize("name", PHOTOS)
def test_everything_else_is_looked_at(name):
    assert not is_litter(name)


@pytest.fixture
def folder(tmp_path) -> Path:
    for name in [*LITTER, *PHOTOS]:
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "__MACOSX").mkdir()
    (tmp_path / "@eaDir").mkdir()
    return tmp_path


def test_every_entry_is_a_file_refused_or_litter(folder):
    (folder / "more").mkdir()
    (folder / "gone.jpg").symlink_to(folder / "nowhere.jpg")
    os.mkfifo(folder / "pipe.jpg")
    contents = read_folder(folder)
    assert sorted(path.name for path in contents.files) == sorted(PHOTOS)
    assert [refused.name for refused in contents.refused] == ["gone.jpg", "more", "pipe.jpg"]
    assert len(contents.litter) == len(LITTER) + 2
    assert len(list(folder.iterdir())) == sum(
        map(len, (contents.files, contents.refused, contents.litter))
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_cannot_be_read_is_refused_without_the_systems_words(folder):
    (folder / "a.jpg").chmod(0)
    (refused,) = read_folder(folder).refused
    assert str(refused) == "a.jpg: This file cannot be read."


def test_the_account_names_everything_and_counts(folder):
    (folder / "more").mkdir()
    contents = read_folder(folder)
    *refused, count, litter = account_of(contents, contents.refused, taken=7)
    assert refused == [
        "more: This is a folder. Only files directly in the folder are taken.",
    ]
    assert count == "7 of 8 files taken."
    assert "._IMG_1.jpg" in litter and "Thumbs.db" in litter


def test_a_folder_without_litter_says_nothing_of_it(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"x")
    assert list(account_of(read_folder(tmp_path), [], taken=1)) == ["1 of 1 file taken."]


def test_what_is_no_folder_is_said_in_a_sentence(tmp_path):
    with pytest.raises(FolderError, match=r"nowhere is not a folder\.$"):
        read_folder(tmp_path / "nowhere")


def test_a_name_that_is_no_text_can_be_shown(tmp_path):
    odd = tmp_path / os.fsdecode(b"a\xff\x1b[31m.jpg")
    assert shown_name(odd) == "a[31m.jpg"
    assert shown_name(tmp_path / os.fsdecode(b"\xff")) == "?"
