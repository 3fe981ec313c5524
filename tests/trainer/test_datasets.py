"""Training files: whatever is wrong with a line is said, and nothing else happens."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given, strategies as st

from tests.trainer.photos import example, photo, write_dataset
from trainer import datasets
from trainer.datasets import ExampleError, examples, parse_example
from trainer.engines.base import TrainingError
from trainer.engines.simulated.photos import kept_swatches, read_photos

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["messages", "role", "content", "type", "text", "image_url", "url"])
            | st.text(max_size=5),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@given(line=st.binary(max_size=300))
def test_any_bytes_are_an_example_or_refused_by_line(line):
    with pytest.raises(ExampleError, match=r"^Line 7: "):
        parse_example(7, line)


@given(value=json_values)
def test_any_json_is_an_example_or_refused_by_line(value):
    with pytest.raises(ExampleError, match=r"^Line 7: "):
        parse_example(7, json.dumps(value).encode())


@given(spoiled=st.data())
def test_a_good_line_with_one_piece_replaced_never_crashes(spoiled):
    value = json.loads(example(b"bytes"))
    places = [
        (value, "messages"),
        (value["messages"], 0),
        (value["messages"][0], "content"),
        (value["messages"][0]["content"], 1),
        (value["messages"][0]["content"][1], "image_url"),
        (value["messages"][0]["content"][1]["image_url"], "url"),
    ]
    holder, key = spoiled.draw(st.sampled_from(places))
    holder[key] = spoiled.draw(json_values)

    with pytest.raises(ExampleError, match=r"^Line 1: "):
        parse_example(1, json.dumps(value).encode())


@given(data=st.binary(max_size=200), caption=st.text(max_size=80))
def test_a_good_line_gives_back_its_photo_and_caption(data, caption):
    parsed = parse_example(1, example(data, caption).encode())

    assert (parsed.photo, parsed.caption) == (data, caption.strip())


def test_deeply_nested_json_is_refused_and_not_a_crash():
    with pytest.raises(ExampleError):
        parse_example(1, b"[" * 200_000)


def test_a_line_larger_than_a_photo_is_refused_without_reading_it(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets, "MAX_LINE_BYTES", 1000)
    path = tmp_path / "set.jsonl"
    path.write_bytes(b"x" * 5000)

    with pytest.raises(ExampleError, match="Line 1: larger"):
        list(examples(path))


def test_blank_lines_are_skipped_but_counted(tmp_path):
    path = tmp_path / "set.jsonl"
    path.write_text(f"\n{example(photo())}\n\n  \n{example(photo(1))}")

    assert [parsed.line for parsed in examples(path)] == [2, 5]


@pytest.mark.parametrize(
    ("file_format", "kind"),
    [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")],
)
def test_every_accepted_format_is_decoded(tmp_path, file_format, kind):
    line = example(photo(file_format=file_format), kind=kind)
    (tmp_path / "dataset.jsonl").write_text(line)

    read_photos(tmp_path)

    assert len(kept_swatches(tmp_path)) == 1


@pytest.mark.parametrize(
    "bad",
    [b"", b"no picture", photo()[:400], photo(file_format="GIF"), photo(file_format="PNG")[:200]],
    ids=["empty", "text", "cut jpeg", "gif", "cut png"],
)
def test_a_photo_that_cannot_be_decoded_is_named_by_its_line(tmp_path, bad):
    lines = [example(photo()), example(bad), example(photo(2))]
    (tmp_path / "dataset.jsonl").write_text("\n".join(lines))

    with pytest.raises(TrainingError, match="Line 2: the photo cannot be decoded"):
        read_photos(tmp_path)

    assert kept_swatches(tmp_path) == []


def test_photos_that_are_gone_are_a_failure_with_words(tmp_path):
    with pytest.raises(TrainingError, match="missing"):
        read_photos(tmp_path)


def test_photos_are_read_once(tmp_path):
    write_dataset(tmp_path / "dataset.jsonl", photos=14)
    read_photos(tmp_path)
    (tmp_path / "dataset.jsonl").unlink()

    read_photos(tmp_path)  # as after a restart: what was read is still here

    assert len(kept_swatches(tmp_path)) == 12


def test_a_caption_may_be_a_plain_string():
    value = json.loads(example(b"x"))
    value["messages"][1]["content"] = " a caption "

    assert parse_example(1, json.dumps(value).encode()).caption == "a caption"


def test_broken_base64_is_named():
    value = json.loads(example(b"x"))
    url = "data:image/jpeg;base64," + base64.b64encode(b"xyz").decode()[:-1] + "*"
    value["messages"][0]["content"][1]["image_url"]["url"] = url

    with pytest.raises(ExampleError, match="base64 is broken"):
        parse_example(1, json.dumps(value).encode())
