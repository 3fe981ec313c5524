"""A folder of photos: known litter is skipped, and nothing is dropped without a word."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from models_app.limits import SETS
from models_app.photo_folders import read_folder
from models_app.photo_sets import PhotosError, account_of, shown_path
from tests.models_app.test_litter import LITTER, PHOTOS


@pytest.fixture
def folder(tmp_path) -> Path:
    for name in [*LITTER, *PHOTOS]:
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "__MACOSX").mkdir()
    (tmp_path / "@eaDir").mkdir()
    return tmp_path


def paths(members) -> list[str]:
    return [member.path for member in members]


def test_every_entry_is_a_file_refused_or_litter(folder):
    (folder / "gone.jpg").symlink_to(folder / "nowhere.jpg")
    (folder / "round").symlink_to(folder)
    os.mkfifo(folder / "pipe.jpg")
    found = read_folder(folder)
    assert sorted(paths(found.files)) == sorted(set(PHOTOS) - {"notes.txt"})
    assert paths(found.refused) == ["gone.jpg", "notes.txt", "pipe.jpg", "round"]
    assert len(found.litter) == len(LITTER) + 2
    assert len(list(folder.iterdir())) == len(found.members) + len(found.litter)


def test_photos_in_folders_are_taken_in_the_order_of_names_and_numbers(tmp_path):
    for name in ("b/IMG_10.jpg", "b/IMG_9.jpg", "a.jpg", "b/c/d.jpg", "10.jpg", "9.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    ordered = ["9.jpg", "10.jpg", "a.jpg", "b/IMG_9.jpg", "b/IMG_10.jpg", "b/c/d.jpg"]
    assert paths(read_folder(tmp_path).members) == ordered


def test_a_folder_too_deep_is_said_to_be(tmp_path):
    deep = tmp_path.joinpath(*["d"] * (SETS.max_depth + 1))
    deep.mkdir(parents=True)
    (deep / "a.jpg").write_bytes(b"x")
    (refused,) = read_folder(tmp_path).members
    assert "not looked into" in str(refused)


def test_a_folder_of_far_too_many_files_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr("models_app.photo_folders.SETS", replace(SETS, max_members=3))
    for name in "abcd":
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(PhotosError, match="more than 3 files"):
        read_folder(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_cannot_be_read_is_refused_without_the_systems_words(folder):
    (folder / "a.jpg").chmod(0)
    refused = read_folder(folder).refused
    assert "a.jpg: This file cannot be read." in map(str, refused)


def test_the_account_names_everything_and_counts(folder):
    found = read_folder(folder)
    *refused, count, litter = account_of(found.refused, found.litter, taken=6)
    assert refused == [
        "notes.txt: This text belongs to no photo: none beside it has the same name.",
    ]
    assert count == "6 of 7 files taken."
    assert "._IMG_1.jpg" in litter and "Thumbs.db" in litter


def test_a_folder_without_litter_says_nothing_of_it():
    assert list(account_of([], [], taken=1)) == ["1 of 1 file taken."]


def test_what_is_no_folder_is_said_in_a_sentence(tmp_path):
    with pytest.raises(PhotosError, match=r"nowhere is not a folder\.$"):
        read_folder(tmp_path / "nowhere")


def test_a_name_that_is_no_text_can_be_shown():
    assert shown_path(os.fsdecode(b"a\xff\x1b[31m.jpg")) == "a[31m.jpg"
    assert shown_path(os.fsdecode(b"\xff")) == "?"


def test_a_long_path_is_shown_with_both_its_ends():
    shown = shown_path(f"start{'x' * 500}end.jpg")
    assert shown.startswith("start") and shown.endswith("end.jpg") and len(shown) <= 121
