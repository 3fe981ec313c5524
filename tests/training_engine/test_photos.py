"""Photos as people's programs write them: upright, on white, none too dark or too bright."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

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


def swapped_colours() -> bytes:
    """A profile that calls green what is red, and the other way round."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = int.from_bytes(data[128:132], "big")
    tags = {bytes(data[132 + 12 * at : 136 + 12 * at]): 132 + 12 * at for at in range(count)}
    red, green = tags[b"rXYZ"], tags[b"gXYZ"]
    data[red : red + 4], data[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(data)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_colours_are_those_that_the_photos_profile_means(opened, mode):
    photo = Image.new(mode, (300, 300), (255, 0, 0))
    red, green, _blue = opened(encoded(photo, icc_profile=swapped_colours()))[2]
    assert green > 200 > 60 > red


def test_a_profile_that_cannot_be_read_changes_nothing(opened):
    photo = Image.new("RGB", (300, 300), (255, 0, 0))
    assert opened(encoded(photo, icc_profile=b"no profile"))[2] == [255, 0, 0]


@pytest.mark.parametrize("mode", ["CMYK", "L", "1", "P", "LA"])
def test_photos_of_every_kind_of_colours_are_read(opened, mode):
    buffer = io.BytesIO()
    image = Image.new("RGB", (300, 300), "white").convert(mode)
    image.save(buffer, "JPEG" if mode == "CMYK" else "PNG")
    assert opened(buffer.getvalue())[2] == [255, 255, 255]
