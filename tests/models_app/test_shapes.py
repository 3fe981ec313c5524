"""How a photo is built is read without decoding it, and agrees with what a decoder finds."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from models_app.limits import DECODING, LIMITS, STRUCTURE
from models_app.shapes.jpeg import read_jpeg
from models_app.shapes.png import read_png
from models_app.shapes.webp import read_webp
from tests.models_app import hostile, photographs as photo

READERS = {"JPEG": read_jpeg, "PNG": read_png, "WEBP": read_webp}


def shape_of(name: str, size: tuple[int, int] = (641, 483), mode: str = "RGB", **options: object):
    return READERS[name](photo.encoded(photo.quarters(*size, mode=mode), name, **options))


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("size", [(641, 483), (300, 1200), (1, 1)])
def test_the_sides_are_those_the_decoder_finds(name, size):
    shape = shape_of(name, size)
    assert (shape.width, shape.height) == size
    assert shape.is_plausible


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "I;16"])
def test_the_sides_of_a_png_of_any_kind_are_read(mode):
    image = Image.new("I;16", (641, 483)) if mode == "I;16" else photo.quarters(641, 483, mode)
    shape = read_png(photo.encoded(image, "PNG"))
    assert (shape.width, shape.height) == (641, 483)
    assert shape.bits == {"1": 1, "I;16": 16, "P": 8}.get(mode, 8)


@pytest.mark.parametrize("options", [{"lossless": True}, {"exif": photo.exif()}, {"quality": 1}])
def test_the_sides_of_a_webp_of_any_kind_are_read(options):
    assert shape_of("WEBP", **options).width == 641


def test_a_picture_inside_the_metadata_is_not_the_picture():
    preview = b"Exif\0\0" + photo.encoded(photo.quarters(100, 100)).getvalue()
    data = photo.with_segment(photo.encoded(photo.quarters(641, 483)).getvalue(), 0xE1, preview)
    assert read_jpeg(io.BytesIO(data)).width == 641


def test_a_jpeg_in_passes_is_told_apart():
    plain, progressive = shape_of("JPEG"), shape_of("JPEG", progressive=True)
    assert (plain.max_scans, plain.scan_at, plain.is_progressive) == (1, 0, False)
    assert progressive.is_progressive and progressive.max_scans == STRUCTURE.scans
    assert progressive.scan_at > 0


def test_the_larger_a_photo_the_fewer_passes_it_may_have():
    assert read_jpeg(io.BytesIO(hostile.claiming_progressive(10_000, 10_000))).max_scans == 7


def test_a_marker_across_two_windows_is_found():
    data = photo.encoded(photo.quarters()).getvalue()
    frame = data.index(b"\xff\xc0")
    for filler in range(250, 262):  # a window is 256 bytes long
        padded = data[:frame] + bytes(filler) + data[frame:]
        assert read_jpeg(io.BytesIO(padded)).width == 640


@pytest.mark.parametrize(
    "segments",
    [
        # A portrait with a depth map in extended XMP, a profile of a printer, a second picture.
        [(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + bytes(65_400))] * 150,
        [(0xE2, b"ICC_PROFILE\0" + bytes([n, 255]) + bytes(40_000)) for n in range(1, 256)],
        [(0xE2, b"MPF\0" + bytes(88)), (0xEA, b"AROT\0" + bytes(16_000)), (0xED, bytes(9000))],
        [(0xFE, b"")] * 1500,
    ],
    ids=["extended-xmp", "profile-in-255-parts", "phone", "comments"],
)
def test_a_photo_with_as_many_segments_as_real_ones_have_is_read(segments):
    data = photo.encoded(photo.quarters(641, 483)).getvalue()
    notes = b"".join(photo.jpeg_segment(marker, content) for marker, content in segments)
    assert read_jpeg(io.BytesIO(data[:2] + notes + data[2:])).width == 641


def test_a_progressive_jpeg_counts_with_all_its_coefficients():
    large = (4000, 3000)
    assert shape_of("JPEG", large, progressive=True).memory >= 2 * 1.5 * 4000 * 3000
    whole = shape_of("JPEG", large, progressive=True, subsampling=0)
    assert whole.memory > shape_of("JPEG", large, progressive=True).memory


def test_a_large_baseline_jpeg_counts_at_the_fraction_it_is_decoded_at():
    data = photo.jpeg_claiming(16_320, 12_240)
    assert read_jpeg(io.BytesIO(data)).memory < DECODING.memory
    assert LIMITS.max_pixels >= 16_320 * 12_240


@pytest.mark.parametrize(
    ("colour", "depth"),
    # Palettes (3) have at most eight bits.
    [(3, 8), *((colour, depth) for colour in (0, 2, 4, 6) for depth in (8, 16))],
)
def test_every_png_within_the_pixel_limit_fits_into_memory(colour, depth):
    data = hostile.png(7071, 7071, (b"IDAT", b""), depth=depth, colour=colour)
    assert read_png(io.BytesIO(data)).memory <= DECODING.memory


def test_a_phones_photo_leaves_room_for_another():
    assert 2 * shape_of("JPEG", (4032, 3024)).memory <= DECODING.memory
