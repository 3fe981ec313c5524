"""Datasets in a ZIP, as trainers read them."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from emulators.hosted.datasets import BadDatasetError, read_dataset
from tests.trainer.photos import photo
from trainer.engines.simulated.photos import kept_swatches


def zipped(path: Path, **members: bytes) -> Path:
    """Write a ZIP; `__` in a name stands for a dot, `_of_` for a slash."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name.replace("_of_", "/").replace("__", "."), data)
    return path


def test_captions_lie_beside_their_photos_and_colours_are_kept(tmp_path):
    path = zipped(tmp_path / "set.zip", a__jpg=photo(1), a__txt=b"TOK \n", b__PNG=photo(2, "PNG"))

    found = read_dataset(path, tmp_path / "colours")

    assert found.captions == {"a.jpg": "TOK", "b.PNG": None}
    assert len(kept_swatches(tmp_path / "colours")) == 2


def test_what_systems_add_is_not_looked_at(tmp_path):
    path = tmp_path / "set.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("__MACOSX/._a.jpg", b"no photo")
        archive.writestr(".hidden.jpg", b"no photo")
        archive.writestr("folder/a.jpg", photo(1))

    assert read_dataset(path, tmp_path / "colours").captions == {"a.jpg": None}


@pytest.mark.parametrize(
    ("members", "complaint"),
    [
        ({}, "contains no images"),
        ({"a__txt": b"TOK"}, "contains no images"),
        ({"a__jpg": b"no photo"}, "cannot identify image file 'a.jpg'"),
        ({"a__jpg": photo(1)[:300]}, "cannot identify image file 'a.jpg'"),
    ],
)
def test_what_cannot_be_trained_on_is_refused_in_words(tmp_path, members, complaint):
    path = zipped(tmp_path / "set.zip", **members)

    with pytest.raises(BadDatasetError, match=complaint):
        read_dataset(path, tmp_path / "colours")


def test_what_is_no_zip_is_refused(tmp_path):
    path = tmp_path / "set.zip"
    path.write_bytes(b"no zip")

    with pytest.raises(BadDatasetError, match="not a readable zip file"):
        read_dataset(path, tmp_path / "colours")
