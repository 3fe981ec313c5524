"""The ZIP for hosted trainers: stored, streamed, the same bytes each time, and never half of it."""

from __future__ import annotations

import errno
import io
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import responses
import time_machine
from hypothesis import given, settings, strategies as st

from providers.fal.provider import Fal
from providers.hosted.zip_dataset import write_zip, zip_of
from providers.replicate.provider import Replicate
from providers.types import Photo
from tests.providers.samples import KEY, photo, photos
from tests.providers.test_dataset import Trickle

ROOT = Path(__file__).resolve().parents[2]
CAPTIONS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
# Writes half of an archive in the folder it is given, says so, and waits to be killed.
HALF = """
import io, sys, tempfile
from providers.hosted.zip_dataset import zip_of
from providers.types import Photo
tempfile.tempdir = sys.argv[1]
def waits():
    print("half", flush=True)
    sys.stdin.read()
whole = Photo("001.jpg", "image/jpeg", "a mug", lambda: io.BytesIO(bytes(5_000_000)))
with zip_of([whole, Photo("002.jpg", "image/jpeg", "a mug", waits)]):
    pass
"""


def written(*given: Photo, **options: bool) -> bytes:
    file = io.BytesIO()
    write_zip(given, file, **options)
    return file.getvalue()


def test_members_are_stored_flat_in_order_and_without_a_date():
    archive = zipfile.ZipFile(io.BytesIO(written(*photos(2))))
    assert archive.namelist() == ["001.jpg", "001.txt", "002.jpg", "002.txt"]
    assert {one.compress_type for one in archive.infolist()} == {zipfile.ZIP_STORED}
    assert {one.date_time for one in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert archive.testzip() is None


@settings(deadline=None)
@given(st.lists(st.tuples(st.binary(max_size=300), CAPTIONS), max_size=4))
def test_the_same_photos_and_captions_are_the_same_bytes_on_any_day(given):
    rows = [photo(data, at, caption) for at, (data, caption) in enumerate(given, start=1)]
    with time_machine.travel("2030-02-03"):
        first = written(*rows)
    with time_machine.travel("2041-05-06"):
        assert written(*rows) == first
    archive = zipfile.ZipFile(io.BytesIO(first))
    for at, (data, caption) in enumerate(given, start=1):
        assert archive.read(f"{at:03}.jpg") == data
        assert archive.read(f"{at:03}.txt").decode() == " ".join(caption.split())


def test_the_bytes_do_not_depend_on_the_system(monkeypatch):
    here = written(*photos(1))
    monkeypatch.setattr(sys, "platform", "win32")
    assert written(*photos(1)) == here


def test_photos_are_read_in_pieces():
    source = Trickle(bytes(3_000_000))
    written(Photo("001.jpg", "image/jpeg", "", lambda: source))
    assert 0 < source.most_asked <= 1024 * 1024
    assert source.closed


def fails() -> io.BytesIO:
    raise OSError(errno.EIO, "the disk is broken")


@pytest.mark.parametrize(
    "provider",
    [
        Fal(api_key=KEY, base_url="https://queue.fal.run"),
        Replicate(api_key=KEY, base_url="https://api.replicate.com"),
    ],
)
def test_an_archive_that_is_cut_off_is_never_sent(provider):
    rest = Photo("002.jpg", "image/jpeg", "a mug", fails)
    with responses.RequestsMock(), pytest.raises(OSError, match="broken"):
        provider.upload_dataset([photo(b"whole"), rest])


def test_nothing_of_it_lies_on_the_disk_under_a_name(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with zip_of(photos(2)) as file:
        assert list(tmp_path.iterdir()) == []
        assert file.read() == written(*photos(2))


def test_a_process_that_is_killed_while_it_writes_leaves_nothing(tmp_path):
    command = [sys.executable, "-c", HALF, str(tmp_path)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "half\n"
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert list(tmp_path.iterdir()) == []
