"""Archives that mean harm, or are broken: a reason for each file, and the good ones stay."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from dataclasses import replace

import pytest
from hypothesis import given, settings, strategies as st

from models_app.archives.reading import read_archive
from models_app.errors import PhotoRefusedError
from models_app.limits import LIMITS, SETS
from tests.factories import jpeg
from tests.models_app.zips import Raw, archive, by_hand, code_of, content, deflated, entry, read

PHOTO = jpeg(256, 256, quality=30)
GOOD = Raw(b"good.jpg", PHOTO)
MEBIBYTE = 1024 * 1024


def outcome(data: bytes) -> dict[str, object]:
    """Return what becomes of each member: its content, the code or the sentence of its refusal."""
    found = read(data)
    return {file.path: content(file) for file in found.files} | {
        refused.path: refused.reason for refused in found.refused
    }


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (Raw(b"../bad.jpg", PHOTO), "leads out"),
        (Raw(b"/etc/bad.jpg", PHOTO), "leads out"),
        (Raw(b"..\\bad.jpg", PHOTO), "leads out"),
        (Raw(b"C:\\bad.jpg", PHOTO), "leads out"),
        (Raw(b"bad.jpg", b"/etc/passwd", mode=stat.S_IFLNK | 0o777), "is a link"),
        (Raw(b"bad.jpg", b"", mode=stat.S_IFIFO | 0o644), "is a link"),
        (Raw(b"bad.jpg", PHOTO, flags=1), "password"),
        (Raw(b"bad.jpg", PHOTO, method=99), "password"),
        (Raw(b"bad.jpg", PHOTO, method=14), "unusual way"),
        (Raw(b"bad.jpg", PHOTO, size=len(PHOTO) + 1), "not what is there"),
        (Raw(b"bad.jpg", PHOTO, local_name=b"other.jpg"), "not what is there"),
        (Raw(b"bad.jpg", PHOTO, local_size=1), "not what is there"),
        (Raw(b"bad.jpg", PHOTO, offset=3), "not what is there"),
        (Raw(b"bad.jpg", PHOTO, offset=0xFFFFFFFE), "not what is there"),
        (Raw(b"bad.jpg", PHOTO, size=2**31, packed_size=2**31), "overlaps"),
    ],
)
def test_a_member_is_refused_by_what_is_said_of_it(bad, reason):
    found = outcome(by_hand(GOOD, bad))
    assert found["good.jpg"] == PHOTO
    (said,) = (found[path] for path in found if path != "good.jpg")
    assert reason in str(said)


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (Raw(b"bad.jpg", PHOTO, crc=1), "packed_damaged"),
        (Raw(b"bad.jpg", PHOTO, packed=deflated(PHOTO)[:-9], method=8), "packed_damaged"),
        (Raw(b"bad.jpg", PHOTO, packed=deflated(PHOTO) + b"x", method=8), "packed_damaged"),
        (Raw(b"bad.jpg", PHOTO, packed=PHOTO, method=8), "packed_damaged"),
        (
            Raw(b"bad.jpg", PHOTO, packed=deflated(PHOTO + bytes(10**5)), method=8),
            "contradicting",
        ),
        (Raw(b"bad.jpg", PHOTO[:-1], packed=deflated(PHOTO), method=8), "contradicting"),
        (Raw(b"bad.jpg", archive(("a.jpg", PHOTO))), "nested"),
        (Raw(b"bad.jpg", archive()), "nested"),
        (Raw(b"bad.jpg", b""), "empty"),
        (Raw(b"bad.jpg", b"<svg onload=x>"), "svg"),
    ],
)
def test_a_member_is_refused_by_what_is_in_it(bad, code):
    assert outcome(by_hand(bad, GOOD)) == {"bad.jpg": code, "good.jpg": PHOTO}


def test_endless_empty_blocks_are_not_read():
    blocks = b"\x00\x00\x00\xff\xff" * 10_000 + deflated(PHOTO)
    found = outcome(by_hand(Raw(b"bad.jpg", PHOTO, packed=blocks, method=8), GOOD))
    assert "unusual way" in str(found["bad.jpg"])


def test_a_member_that_becomes_far_larger_is_not_unpacked():
    bomb = b"\xff\xd8\xff" + bytes(20 * MEBIBYTE)
    found = outcome(by_hand(Raw(b"bomb.jpg", bomb, packed=deflated(bomb), method=8), GOOD))
    assert "far larger" in str(found["bomb.jpg"])
    assert found["good.jpg"] == PHOTO


def test_a_member_larger_than_a_photo_may_be_is_not_unpacked(monkeypatch):
    monkeypatch.setattr("models_app.ingest.LIMITS", replace(LIMITS, max_bytes=len(PHOTO)))
    large = Raw(b"large.jpg", PHOTO + b"x")
    assert outcome(by_hand(large, GOOD)) == {"large.jpg": "too_many_bytes", "good.jpg": PHOTO}


def test_all_members_together_are_limited(monkeypatch):
    most = replace(SETS, max_unpacked_bytes=2 * len(PHOTO))
    monkeypatch.setattr("models_app.archives.unpacking.SETS", most)
    found = outcome(by_hand(*(Raw(b"%d.jpg" % at, PHOTO) for at in range(3))))
    assert list(found.values()) == [PHOTO, PHOTO, "unpacked_too_much"]


def test_members_that_share_bytes_are_all_refused():
    """One block of data under many names (bamsoftware.com/hacks/zipbomb)."""
    first = Raw(b"a.jpg", PHOTO)
    again = Raw(b"a.jpg", PHOTO, offset=0)
    found = read(by_hand(first, again, Raw(b"good.jpg", PHOTO)))
    assert [file.path for file in found.files] == ["good.jpg"]
    assert all("overlaps" in refused.reason for refused in found.refused)
    assert len(found.refused) == 2


def test_a_member_around_another_is_refused_with_it():
    inner = Raw(b"in.jpg", PHOTO)
    outer = Raw(b"out.jpg", PHOTO + inner.local() + PHOTO)
    inside_at = 30 + len(b"out.jpg") + len(PHOTO)
    found = read(by_hand(outer, replace(inner, offset=inside_at), GOOD))
    assert [file.path for file in found.files] == ["good.jpg"]


def test_a_very_long_caption_is_not_unpacked():
    text = Raw(b"good.txt", b"x" * (SETS.max_caption_bytes + 1))
    found = read(by_hand(GOOD, text))
    assert [file.caption for file in found.files] == [""]
    assert "too long" in found.refused[0].reason


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: b"PK\x03\x04", "archive_damaged"),
        (lambda: archive(("a.jpg", PHOTO))[:-1], "archive_damaged"),
        (lambda: archive(("a.jpg", PHOTO)) + b"x", "archive_damaged"),
        (lambda: b"x" + archive(("a.jpg", PHOTO)), "archive_damaged"),
        (lambda: by_hand(GOOD, count=2), "archive_damaged"),
        (lambda: by_hand(*[Raw(b"%d" % at) for at in range(2001)]), "archive_too_many"),
        (lambda: struct.pack("<4s4H2LH", b"PK\x05\x06", 1, 0, 1, 2, 0, 0, 0), "archive_split"),
    ],
)
def test_an_archive_is_refused_as_a_whole(make, code):
    assert code_of(make()) == code


def test_a_table_of_any_size_is_not_read(monkeypatch):
    monkeypatch.setattr("models_app.archives.records.SETS", replace(SETS, max_directory_bytes=10))
    assert code_of(by_hand(GOOD)) == "archive_damaged"


def test_a_thousand_tiny_files_get_a_thousand_reasons():
    found = outcome(archive(*((f"{at}.jpg", b"%d" % at) for at in range(1000))))
    assert len(found) == 1000
    assert set(found.values()) == {"not_a_photo"}


def test_a_name_of_any_length_and_kind_is_only_shown():
    names = ["x/" * 5000 + "a.jpg", "\u202egpj.exe", "a\nb.jpg", "CON.jpg", "a\x1b]0;x\x07.jpg"]
    found = outcome(archive(*((name, PHOTO) for name in names)))
    assert list(found.values()) == [PHOTO] * len(names)
    assert not any(letter in path for path in found for letter in "\n\x1b\x07\x00")


def test_links_are_known_by_their_mode_only_where_there_is_one():
    link = entry("a.jpg", mode=stat.S_IFLNK | 0o777)
    from_dos = entry("b.jpg", mode=0o120777, made_by=0)
    found = outcome(archive((link, PHOTO), (from_dos, PHOTO)))
    assert "is a link" in str(found["a.jpg"])
    assert found["b.jpg"] == PHOTO


SAMPLE = archive(
    ("a/IMG_1.jpg", PHOTO), ("a/IMG_1.txt", b"a mug"), ("__MACOSX/._x", b"x"), packed=True
)


def assert_only_refusals(data: bytes) -> None:
    """Whatever is done to an archive, a photo comes out as it went in, or not at all."""
    try:
        found = read_archive(io.BytesIO(data))
    except PhotoRefusedError:
        return
    for file in found.files:
        assert content(file) == PHOTO or isinstance(content(file), str)


def test_an_archive_cut_anywhere_is_refused():
    for length in range(len(SAMPLE)):
        assert code_of(SAMPLE[:length]) == "archive_damaged"


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(SAMPLE) - 1), st.integers(0, 255)), max_size=6))
def test_no_change_of_bytes_does_anything_but_refuse(changes):
    data = bytearray(SAMPLE)
    for at, value in changes:
        data[at] = value
    assert_only_refusals(bytes(data))


_TABLE_AT = SAMPLE.index(b"PK\x01\x02")


@settings(max_examples=300, deadline=None)
@given(st.integers(_TABLE_AT, len(SAMPLE) - 4), st.binary(min_size=1, max_size=8))
def test_no_table_does_anything_but_refuse(at, value):
    assert_only_refusals(SAMPLE[:at] + value + SAMPLE[at + len(value) :])


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.builds(
            Raw,
            name=st.binary(max_size=20),
            data=st.sampled_from([PHOTO, b"", b"a mug"]),
            method=st.sampled_from([0, 8, 12]),
            flags=st.integers(0, 0xFFFF),
            size=st.none() | st.integers(0, 2**32 - 1),
            packed_size=st.none() | st.integers(0, 2**32 - 1),
            offset=st.none() | st.integers(0, 2**32 - 1),
            extra=st.binary(max_size=40),
            mode=st.integers(0, 0xFFFF),
        ),
        max_size=4,
    )
)
def test_no_lie_about_a_member_does_anything_but_refuse(members):
    assert_only_refusals(by_hand(*members))


def test_zipfile_reads_what_the_tests_write_by_hand():
    with zipfile.ZipFile(io.BytesIO(by_hand(GOOD, Raw(b"b.jpg", PHOTO)))) as found:
        assert found.testzip() is None
