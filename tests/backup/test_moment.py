"""Which files a backup names: those of the moment in which the database was saved."""

from __future__ import annotations

from pathlib import Path

import pytest

from theway.backup import databases
from theway.backup.archive import opened
from theway.backup.making import make


class Busy:
    """A database; while it is saved, files come, go and become whole."""

    def __init__(self, media: Path) -> None:
        self._media = media

    def size(self) -> int:
        return 4

    def dump(self, target: Path) -> None:
        (self._media / "new.jpg").write_bytes(b"new")
        (self._media / "gone.jpg").unlink()
        (self._media / "half.jpg").write_bytes(b"half and half")
        target.write_bytes(b"rows")


@pytest.fixture
def media(settings) -> Path:
    folder = Path(settings.MEDIA_ROOT)
    folder.mkdir()
    for name in ("stays", "gone", "early", "half"):
        (folder / f"{name}.jpg").write_bytes(name.encode())
    return folder


@pytest.mark.django_db
def test_what_the_saved_rows_can_name_is_there_whole_and_nothing_else(media, tmp_path, monkeypatch):
    monkeypatch.setattr(databases, "configured", lambda: Busy(media))
    copied: list[int] = []

    def delete_early(size: int) -> None:
        copied.append(size)
        if len(copied) == 4:  # all that was there is copied, the database not yet
            (media / "early.jpg").unlink()

    make(tmp_path / "theway.zip", delete_early)
    with opened(tmp_path / "theway.zip") as reader:
        reader.extract(tmp_path / "out", lambda size: None)
    found = {path.stem: path.read_bytes() for path in (tmp_path / "out/media").iterdir()}
    assert found == {
        "stays": b"stays",
        "gone": b"gone",
        "half": b"half and half",
        "new": b"new",
    }


@pytest.mark.django_db
@pytest.mark.parametrize("is_in_use", [True, False])
def test_the_key_of_the_file_is_saved_where_it_is_the_one_in_use(
    media, tmp_path, monkeypatch, settings, is_in_use
):
    monkeypatch.setattr(databases, "configured", lambda: Busy(media))
    if not is_in_use:
        settings.SECRET_KEY = "the operator's own"
    manifest = make(tmp_path / "theway.zip", lambda size: None)
    assert ("secret_key" in {entry.name for entry in manifest.entries}) is is_in_use
