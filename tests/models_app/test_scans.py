"""The passes of a progressive JPEG are counted where it is decoded."""

from __future__ import annotations

import io
import re

import pytest

from models_app.decoding.scans import TooManyScansError, check_scans
from tests.models_app import photographs as photo

DATA = photo.encoded(photo.quarters(), progressive=True).getvalue()
FIRST = DATA.index(b"\xff\xda")
BEGIN = FIRST + 2 + int.from_bytes(DATA[FIRST + 2 : FIRST + 4], "big")
LATER = len(re.findall(b"\xff\xda", DATA)) - 1


def count(data: bytes) -> int:
    """Return how many scans follow the first."""
    for most in range(1000):
        try:
            check_scans(io.BytesIO(data), BEGIN, most)
        except TooManyScansError:
            continue
        return most
    raise AssertionError("more than a thousand")


def test_the_passes_are_counted():
    assert count(DATA) == LATER > 5


def test_the_file_is_left_where_it_was():
    source = io.BytesIO(DATA)
    source.seek(7)
    check_scans(source, BEGIN, LATER)
    assert source.tell() == 7


@pytest.mark.parametrize(
    "between",
    [
        b"\xff" * 300_000,
        b"\xff\0" * 200_000,
        b"\xff\xd0" * 10,
        b"\xff\x01",
        photo.jpeg_segment(0xFE, b"\xff\xd9\xff\xda" * 9),
    ],
    ids=["fill", "stuffing", "restarts", "standalone", "note-with-an-end"],
)
def test_nothing_hides_a_pass_or_passes_for_one(between):
    second = DATA.index(b"\xff\xda", BEGIN)
    table = DATA.rindex(b"\xff\xc4", 0, second)
    assert count(DATA[:table] + between + DATA[table:]) == LATER


def test_a_marker_across_two_windows_is_found():
    size = 256 * 1024
    for filler in range(size - 40, size + 40):
        assert count(DATA[:BEGIN] + b"\0" * filler + DATA[BEGIN:]) == LATER


def test_data_behind_the_picture_and_before_its_first_pass_does_not_count():
    assert count(DATA + DATA[BEGIN:] * 9) == LATER


@pytest.mark.parametrize("cut", [0, 1, 2, 3])
def test_a_file_that_ends_early_ends_the_count(cut):
    assert count(DATA[: DATA.rindex(b"\xff\xda") + cut]) == LATER - (cut < 2)
