"""The bytes of what arrives in parts: whatever is sent twice, late or cut, the file is whole."""

from __future__ import annotations

import errno
import io
import threading
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings, strategies as st

from models_app.partial_files import OffsetError, TooLongError, append, received

CONTENT = bytes(range(256)) * 40


@st.composite
def parts(draw: st.DrawFn) -> tuple[int | None, int]:
    """Where a part begins (None: where the file ends) and how many bytes of it arrive."""
    start = draw(st.one_of(st.none(), st.integers(0, len(CONTENT))))
    return start, draw(st.integers(0, len(CONTENT) // 3))


@settings(max_examples=150, deadline=None)
@given(st.lists(parts(), max_size=30))
def test_whatever_is_sent_the_file_is_the_beginning_of_what_it_should_be(sent):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model" / "upload"
        for start, size in sent:
            end = received(path)
            offset = end if start is None else start
            source = io.BytesIO(CONTENT[offset : offset + size])
            try:
                now = append(path, source, offset=offset, length=len(CONTENT))
            except OffsetError as error:
                assert offset != end and error.offset == end
                now = end
            else:
                assert offset == end and now == min(end + size, len(CONTENT))
            assert received(path) == now
        rest = received(path)
        append(path, io.BytesIO(CONTENT[rest:]), offset=rest, length=len(CONTENT))
        assert path.read_bytes() == CONTENT


@given(st.integers(0, 50), st.integers(1, 50))
def test_nothing_of_a_part_that_is_too_long_is_kept(before, more):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model" / "upload"
        append(path, io.BytesIO(b"a" * before), offset=0, length=before)
        with pytest.raises(TooLongError):
            append(path, io.BytesIO(b"b" * more), offset=before, length=before + more - 1)
        assert received(path) == before


def test_two_that_send_the_same_at_once_mix_nothing(tmp_path):
    path, step = tmp_path / "model" / "upload", 64

    def send() -> None:
        offset = 0
        while offset < len(CONTENT):
            source = io.BytesIO(CONTENT[offset : offset + step])
            try:
                offset = append(path, source, offset=offset, length=len(CONTENT))
            except OffsetError as error:
                offset = error.offset

    senders = [threading.Thread(target=send) for _ in range(4)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert path.read_bytes() == CONTENT


def test_what_fitted_on_a_full_disk_is_kept(tmp_path):
    class Full(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell():
                raise OSError(errno.ENOSPC, "no space")
            return super().read(10)

    path = tmp_path / "model" / "upload"
    with pytest.raises(OSError, match="no space"):
        append(path, Full(CONTENT), offset=0, length=len(CONTENT))
    assert path.read_bytes() == CONTENT[:10]


def test_only_the_installation_may_read_them(tmp_path):
    path = tmp_path / "model" / "upload"
    append(path, io.BytesIO(b"a face"), offset=0, length=6)
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0
