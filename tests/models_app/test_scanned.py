"""Old scans: TIFF in strips and tiles of every kind, and BMP."""

from __future__ import annotations

import io
import struct

import pytest
from PIL import Image

from models_app import ingest
from models_app.errors import PhotoRefusedError
from models_app.ingest import normalise
from models_app.limits import DECODING
from models_app.shapes.bmp import read_bmp
from models_app.shapes.tiff import read_tiff
from tests.models_app import photographs as photo, scanned


def stored(data: bytes) -> Image.Image:
    return photo.opened(normalise(io.BytesIO(data)).data)


def refusal(data: bytes) -> str:
    with pytest.raises(PhotoRefusedError) as caught:
        normalise(io.BytesIO(data))
    assert caught.value.message.endswith(".")
    return caught.value.code


@pytest.mark.parametrize("rows", [1, 7, 64, 100, 480])
@pytest.mark.parametrize(
    "compression", [None, "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"]
)
def test_strips_of_any_height_and_compression_are_read(rows, compression):
    if compression == "jpeg":
        rows = max(8, rows // 8 * 8)
    data = photo.encoded(
        photo.quarters(), "TIFF", compression=compression, tiffinfo={278: rows}
    ).getvalue()
    assert photo.corners(stored(data)) == photo.UPRIGHT


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "CMYK", "LAB"])
@pytest.mark.parametrize("compression", [None, "tiff_lzw"])
def test_pages_of_every_colour_kind_become_rgb(mode, compression):
    source = scanned.in_lab(photo.quarters()) if mode == "LAB" else photo.quarters(mode=mode)
    image = stored(photo.encoded(source, "TIFF", compression=compression).getvalue())
    assert image.mode == "RGB"
    if mode not in {"1", "L"}:
        assert photo.corners(image) == photo.UPRIGHT


def test_jpeg_in_strips_is_read():
    data = photo.encoded(photo.quarters(), "TIFF", compression="jpeg", tiffinfo={278: 16})
    assert photo.corners(stored(data.getvalue())) == photo.UPRIGHT


@pytest.mark.parametrize(("samples", "photometric"), [(1, 0), (1, 1), (3, 2), (4, 5)])
@pytest.mark.parametrize(
    ("order", "planes", "tile"), [("<", False, 0), (">", True, 0), (">", False, 128)]
)
def test_sixteen_bits_a_colour_become_eight(order, planes, samples, photometric, tile):
    half = [32896] * samples if photometric != 5 else [0, 0, 0, 32896]
    data = scanned.tiff(300, 280, half, photometric, order=order, planes=planes, tile=tile)
    pixel = stored(data).getpixel((150, 140))
    assert all(abs(value - 128) <= 2 for value in pixel)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("planes", [False, True])
@pytest.mark.parametrize("tile", [0, 64])
def test_planes_and_tiles_are_put_together(order, planes, tile):
    data = scanned.tiff_of(photo.quarters(333, 277), order=order, planes=planes, tile=tile)
    image = stored(data)
    assert image.size == (333, 277)
    assert photo.corners(image) == photo.UPRIGHT


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_comes_out_upright(orientation):
    source = photo.quarters()
    if (turn := photo.AS_STORED[orientation]) is not None:
        source = source.transpose(turn)
    data = photo.encoded(source, "TIFF", tiffinfo={274: orientation}).getvalue()
    assert photo.corners(stored(data)) == photo.UPRIGHT


def test_of_several_pages_the_first_is_taken():
    others = [Image.new("L", (100, 100))] * 3
    data = photo.encoded(photo.quarters(), "TIFF", save_all=True, append_images=others).getvalue()
    assert photo.corners(stored(data)) == photo.UPRIGHT


def test_transparent_parts_become_white():
    source = photo.quarters(mode="RGBA")
    source.paste((0, 0, 0, 0), (0, 0, 320, 240))
    image = stored(photo.encoded(source, "TIFF").getvalue())
    assert photo.corners(image) == [(255, 255, 255), *photo.UPRIGHT[1:]]


def test_a_fax_is_read():
    source = Image.new("1", (400, 300), 1)
    source.paste(0, (0, 0, 200, 300))
    image = stored(photo.encoded(source, "TIFF", compression="group4").getvalue())
    assert (image.getpixel((50, 150)), image.getpixel((350, 150))) == ((0,) * 3, (255,) * 3)


def test_a_large_scan_needs_no_more_memory_than_others():
    # 200 megapixels, in strips of a row each as scanners write them.
    data = scanned.packed_grey(16_000, 12_500)
    assert read_tiff(io.BytesIO(data)).memory < DECODING.memory / 2
    result = normalise(io.BytesIO(data))
    assert (result.width, result.height) == (2048, 1600)
    assert photo.opened(result.data).getpixel((1000, 800)) == (128, 128, 128)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA"])
def test_bmps_of_every_colour_kind_become_rgb(mode):
    image = stored(photo.encoded(photo.quarters(mode=mode), "BMP").getvalue())
    assert image.mode == "RGB"
    if mode not in {"1", "L"}:
        assert photo.corners(image) == photo.UPRIGHT


def test_a_bmp_from_the_top_down_is_upright():
    source = photo.quarters().transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    data = bytearray(photo.encoded(source, "BMP").getvalue())
    data[22:26] = struct.pack("<i", -480)
    assert photo.corners(stored(bytes(data))) == photo.UPRIGHT
    assert read_bmp(io.BytesIO(bytes(data))).height == 480


def never_opened(*_: object) -> None:
    pytest.fail("it was opened")


@pytest.mark.parametrize("name", scanned.REFUSED)
def test_what_the_headers_promise_is_checked_before_any_decoder_sees_it(name, monkeypatch):
    code, make = scanned.REFUSED[name]
    monkeypatch.setattr(ingest, "decode", never_opened)
    assert refusal(make()) == code


@pytest.mark.parametrize("kept", [0.05, 0.5, 0.95])
@pytest.mark.parametrize("name", ["TIFF", "BMP"])
def test_a_cut_scan_is_damaged(name, kept):
    data = photo.encoded(photo.quarters(), name).getvalue()
    assert refusal(data[: int(len(data) * kept)]) == "damaged"
