"""What counts as weights is judged in one place: names, types, shapes, offsets, sizes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, strategies as st

from jobs.work import InvalidResultError
from trainer.safetensors import Tensor, serialize
from training.weights_file import MAX_HEADER_BYTES, check_weights

F32 = {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}
SMALL = {"dtype": "U8", "shape": [4], "data_offsets": [16, 20]}


def file_of(header: object, data: bytes = bytes(16)) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def judged(data: bytes, tmp_path) -> None:
    path = tmp_path / "weights"
    path.write_bytes(data)
    check_weights(str(path))


@pytest.mark.parametrize(
    "data",
    [
        file_of({"a": F32}),
        file_of({"a": F32, "__metadata__": {"format": "pt", "simulated": "true"}}),
        file_of({"a": F32, "alpha": SMALL}, bytes(20)),
        file_of({"a": F32, "empty": F32 | {"shape": [0], "data_offsets": [16, 16]}}),
        file_of({"a": F32 | {"dtype": "BF16", "shape": [8]}}),
        file_of({"a": F32 | {"dtype": "F8_E4M3", "shape": [4, 4]}}),
        file_of({"lora_unet_ü.weight": F32}),
        file_of(json.dumps({"a": F32}).encode() + b" " * 5),
    ],
    ids=["plain", "notes", "two", "empty-beside", "bf16", "f8", "name", "padding"],
)
def test_weights_as_trainers_write_them_are_taken(data, tmp_path):
    judged(data, tmp_path)


def test_the_bundled_trainers_own_weights_are_taken(tmp_path):
    judged(serialize({"x.lora_A.weight": Tensor((2, 3), bytes(12))}, {"a": "b"}), tmp_path)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x01",
        file_of({}, b""),
        file_of({"__metadata__": {"format": "pt"}}, b""),
        file_of({"a": F32 | {"dtype": "F31"}}),
        file_of({"a": F32 | {"dtype": 3}}),
        file_of({"a": F32 | {"shape": [2, 3]}}),
        file_of({"a": F32 | {"shape": [-2, -2]}}),
        file_of({"a": F32 | {"shape": "22"}}),
        file_of({"a": F32 | {"shape": [2**63, 2**63]}}),
        file_of({"a": F32 | {"data_offsets": [0, 8]}}),
        file_of({"a": F32 | {"data_offsets": [16, 0]}}),
        file_of({"a": F32 | {"data_offsets": [4, 20]}}, bytes(20)),
        file_of({"a": F32, "b": F32}),
        file_of({"a": F32, "b": F32 | {"data_offsets": [20, 36]}}, bytes(36)),
        file_of({"a": F32}, bytes(15)),
        file_of({"a": F32}, bytes(17)),
        file_of({"a": F32 | {"shape": [0], "data_offsets": [0, 0]}}, b""),
        file_of({"alpha": SMALL | {"data_offsets": [0, 4]}}, bytes(4)),
        file_of({"": F32}),
        file_of({"a\nb": F32}),
        file_of({"a" * 600: F32}),
        file_of({"a": F32 | {"shape": [1] * 9 + [4]}}),
        file_of([1, 2]),
        file_of(b"\xff\xfe{}"),
        file_of(b'{"a":'),
        (MAX_HEADER_BYTES + 1).to_bytes(8, "little") + b"{}",
        b"\xff" * 8 + b"{}",
        file_of(b'{"a":{"a":' * 5000 + b"1" + b"}}" * 5000, b""),
    ],
)
def test_what_is_no_sound_weights_is_refused_as_bad_weights(data, tmp_path):
    with pytest.raises(InvalidResultError) as caught:
        judged(data, tmp_path)
    assert caught.value.code == "bad_weights"


def test_a_header_without_end_is_refused_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr("training.weights_file.safe_open", lambda *_, **__: pytest.fail("read"))
    with pytest.raises(InvalidResultError):
        judged((90 * 10**6).to_bytes(8, "little") + b"{" * 1000, tmp_path)


@given(st.integers(0, 100), st.integers(0, 255))
def test_no_single_wrong_byte_in_a_header_crashes_anything(tmp_path_factory, at, byte):
    data = bytearray(file_of({"a": F32, "__metadata__": {"k": "v"}}))
    data[at % (len(data) - 16)] = byte
    try:
        judged(bytes(data), tmp_path_factory.getbasetemp())
    except InvalidResultError as error:
        assert error.code == "bad_weights"
