import errno
import io
import json
import uuid

import pytest
from django.core.files.storage import default_storage
from hypothesis import given, strategies as st

from jobs.work import InvalidResultError
from providers.types import Download
from training.weights import receive


def safetensors(payload: bytes = b"\0" * 16, **metadata: str) -> bytes:
    header = {
        "__metadata__": metadata,
        "a": {"dtype": "F32", "shape": [4], "data_offsets": [0, len(payload)]},
    }
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + payload


def download(data: bytes, size: int | None = None) -> Download:
    return Download(size, iter([data[i : i + 7] for i in range(0, len(data), 7)]))


def got(data: bytes, size: int | None = None):
    return receive(download(data, size), model_id=uuid.UUID(int=1), report=lambda _: None)


def test_whole_weights_are_stored_under_their_hash():
    data = safetensors(simulated="true")
    stored = got(data, len(data))
    assert stored.name == f"weights/{uuid.UUID(int=1)}/{stored.sha256}.safetensors"
    with default_storage.open(stored.name) as file:
        assert file.read() == data


def test_receiving_twice_stores_once():
    first, second = got(safetensors()), got(safetensors())
    assert first == second
    assert len(default_storage.listdir(f"weights/{uuid.UUID(int=1)}")[1]) == 1


def test_half_a_file_of_a_crashed_attempt_is_replaced():
    stored = got(safetensors())
    default_storage.delete(stored.name)
    default_storage.save(stored.name, io.BytesIO(b"half"))
    assert default_storage.size(got(safetensors()).name) == len(safetensors())


@given(st.integers(min_value=0, max_value=200))
def test_weights_cut_short_anywhere_are_refused(length):
    whole = safetensors()
    cut = whole[: min(length, len(whole) - 1)]
    with pytest.raises(InvalidResultError):
        got(cut)


@given(st.binary(max_size=300))
def test_random_bytes_are_refused_and_crash_nothing(data):
    with pytest.raises(InvalidResultError):
        got(data)


def test_fewer_bytes_than_announced_are_refused():
    with pytest.raises(InvalidResultError, match="bytes arrived"):
        got(safetensors(), len(safetensors()) + 1)


def test_an_error_page_is_no_weights():
    with pytest.raises(InvalidResultError):
        got(b"<html>" * 100)


def test_a_full_disk_leaves_nothing_behind(monkeypatch):
    def full(*_args, **_kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(type(default_storage), "save", full, raising=False)
    with pytest.raises(OSError, match="No space"):
        got(safetensors())
