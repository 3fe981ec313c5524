"""What systems leave among photos is skipped, wherever the photos are."""

from __future__ import annotations

import pytest

from models_app.litter import is_litter, is_litter_path

LITTER = [
    "._IMG_1.jpg", ".DS_Store", "Thumbs.db", "thumbs.DB", "desktop.ini", "ehthumbs.db",
    "Icon\r", ".hidden.png", "IMG_1.AAE", "IMG_1.xmp", "IMG_1.jpg.json",
    "~$notes.jpg", "Picasa.ini",
]  # fmt: skip
PHOTOS = ["a.jpg", "B.JPEG", "c.webp", "d.heic", "no ending", "notes.txt", "Thumbs.db.jpg"]


@pytest.mark.parametrize("name", LITTER)
def test_what_systems_leave_in_folders_is_litter(name):
    assert is_litter(name)


@pytest.mark.parametrize("name", PHOTOS)
def test_everything_else_is_looked_at(name):
    assert not is_litter(name)


def test_what_lies_in_a_folder_of_litter_is_litter():
    assert is_litter_path(("__MACOSX", "a.jpg"))
    assert is_litter_path(("holiday", ".thumbnails", "a.jpg"))
    assert not is_litter_path(("..", ".", "a.jpg"))
