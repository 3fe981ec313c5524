"""Captions in text files beside photos."""

from __future__ import annotations

import io

import pytest

from models_app.captions import CaptionError, clean_caption, read_caption
from models_app.limits import LIMITS, SETS
from models_app.photo_folders import read_folder

READABLE = {
    "utf-8": "ein Café in Zürich",
    "utf-8-sig": "ein Café",
    "utf-16": "a mug, 写真",
    "cp1252": "ein Café in Zürich – schön",
    "cp932": "庭の写真です",
    "gbk": "在花园里的杯子",
    "cp1251": "кружка на столе",
}


@pytest.mark.parametrize("encoding", READABLE)
def test_a_caption_is_read_in_the_encoding_it_was_written_in(encoding):
    text = READABLE[encoding]
    assert read_caption(io.BytesIO(text.encode(encoding))) == text


@pytest.mark.parametrize("text", ["a woman’s “red hat”", "a hat…", "half—done", "the girls’ room"])
def test_quotes_and_dashes_of_word_processors_are_no_foreign_letters(text):
    assert read_caption(io.BytesIO(text.encode("cp1252"))) == text


@pytest.mark.parametrize("text", ["ann_k7 帽子", "ann_k7帽子", "aの写真"])
def test_letters_of_another_script_may_follow_a_latin_word(text):
    assert read_caption(io.BytesIO(text.encode("cp932"))) == text


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_text_in_two_bytes_a_letter_needs_no_mark(encoding):
    assert read_caption(io.BytesIO("a woman’s hat\r\n".encode(encoding))) == "a woman’s hat"


def test_marks_of_byte_order_are_no_part_of_a_caption():
    joined = "ann_k7".encode("utf-8-sig") + ", red".encode("utf-8-sig")
    assert read_caption(io.BytesIO(b"\xef\xbb\xbf" + joined)) == "ann_k7, red"
    assert read_caption(io.BytesIO("a hat".encode("utf-16") + b"\n")) == "a hat"


def test_a_caption_is_one_line_within_the_limit():
    assert clean_caption("a mug\r\n on\ta table \n") == "a mug on a table"
    assert len(clean_caption("x " * 1000)) <= LIMITS.max_caption


@pytest.mark.parametrize("data", [b"", b"\n\n", "\u200b\u3164".encode()])
def test_what_shows_nothing_is_no_caption(data):
    assert read_caption(io.BytesIO(data)) == ""


@pytest.mark.parametrize("data", [b"a\0b", b"x" * (SETS.max_caption_bytes + 1)])
def test_what_is_no_short_text_is_refused(data):
    with pytest.raises(CaptionError):
        read_caption(io.BytesIO(data))


def test_a_caption_finds_its_photo_in_its_own_folder_whatever_the_case(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "IMG_1.JPG").write_bytes(b"x")
        (tmp_path / folder / "img_1.txt").write_text(f"in {folder}")
    assert [file.caption for file in read_folder(tmp_path).files] == ["in a", "in b"]


@pytest.mark.parametrize("ending", ["txt", "caption", "CAPTION"])
def test_a_caption_is_found_by_the_endings_that_trainers_use(tmp_path, ending):
    (tmp_path / "a.jpg").write_bytes(b"x")
    (tmp_path / f"a.{ending}").write_text("a mug")
    assert [file.caption for file in read_folder(tmp_path).files] == ["a mug"]


def test_a_caption_that_cannot_be_used_does_not_stop_its_photo(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"x")
    (tmp_path / "a.txt").write_bytes(b"\0\0")
    (tmp_path / "a.TXT").write_text("another")
    found = read_folder(tmp_path)
    assert [file.path for file in found.files] == ["a.jpg"]
    assert len(found.refused) == 1
