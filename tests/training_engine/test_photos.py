"""Photos as people's programs write them: upright, on white, none too dark or too bright."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.training_engine.conftest import write_dataset

pytestmark = pytest.mark.training


def encoded(image: Image.Image, **wishes) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", **wishes)
    return buffer.getvalue()


@pytest.fixture
def opened(torch_side, tmp_path: Path):
    def read(data: bytes) -> list:
        write_dataset(tmp_path / "dataset.jsonl", [data])
        return torch_side.call("opened", folder=str(tmp_path))[0]

    return read


def test_a_turned_photo_is_set_upright(opened):
    exif = Image.Exif()
    exif[0x0112] = 6  # Orientation: a quarter to the right
    assert opened(encoded(Image.new("RGB", (400, 300)), exif=exif))[:2] == [300, 400]


def test_what_is_transparent_becomes_white(opened):
    assert opened(encoded(Image.new("RGBA", (300, 300), (0, 0, 0, 0))))[2] == [255, 255, 255]


def test_sixteen_bits_of_gray_keep_their_brightness(opened):
    gray = Image.fromarray(np.full((300, 300), 0x8000, np.uint16))
    assert opened(encoded(gray))[2] == [128, 128, 128]
