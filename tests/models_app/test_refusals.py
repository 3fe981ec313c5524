"""Files that are not supported photos are refused, each with its reason, and nothing crashes."""

from __future__ import annotations

import io
import warnings

import pytest
from hypothesis import given, settings, strategies as st
from PIL import Image

from models_app import ingest, refusals
from models_app.errors import PhotoRefusedError
from models_app.ingest import NormalisedPhoto, normalise
from models_app.limits import LIMITS, Limits
from tests.models_app import hostile, photographs as photo

NAMES = ("JPEG", "PNG", "WEBP", "HEIF", "AVIF", "TIFF", "BMP")
WHOLE = {name: photo.encoded(photo.quarters(), name).getvalue() for name in NAMES}
PROGRESSIVE = photo.encoded(photo.quarters(), progressive=True, exif=photo.exif()).getvalue()


def refusal(data: bytes) -> PhotoRefusedError:
    with pytest.raises(PhotoRefusedError) as caught:
        normalise(io.BytesIO(data))
    return caught.value


def never_opened(*_: object) -> None:
    pytest.fail("it was opened")


def ftyp(*brands: bytes) -> bytes:
    return b"\x00\x00\x00\x18ftyp" + brands[0] + bytes(4) + b"".join(brands[1:]) + bytes(60)


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (b"", "empty", "empty"),
        (hostile.with_frame(0xC9), "unusual_kind", "arithmetic coding"),
        (hostile.with_frame(0xC3), "unusual_kind", "lossless coding"),
        (ftyp(b"heic", b"mif1"), "damaged", "damaged"),
        (ftyp(b"mif1", b"avif"), "damaged", "damaged"),
        (ftyp(b"isom", b"mp42"), "video", "video"),
        (ftyp(b"qt  "), "video", "video"),
        (b"RIFF\x00\x00\x00\x00AVI LIST", "video", "video"),
        (b"\x1a\x45\xdf\xa3" + bytes(60), "video", "video"),
        (b"GIF89a" + bytes(60), "gif", "GIF"),
        (b"%PDF-1.7\n" + bytes(60), "pdf", "PDF"),
        (b"PK\x03\x04" + bytes(60), "zip", "ZIP"),
        (b"II*\x00\x10\0\0\0CR" + bytes(60), "raw", "raw"),
        (b"BM" + bytes(60), "damaged", "damaged"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "svg", "SVG"),
        (b"<!DOCTYPE html><title>Sign in</title>", "html", "web page"),
        (b"Dear diary", "not_a_photo", "JPEG, HEIC, AVIF, PNG"),
    ],
)
def test_a_file_of_another_kind_is_named(data, code, words):
    refused = refusal(data)
    assert refused.code == code
    assert words in refused.message


def test_formats_pillow_knows_but_we_do_not_take_are_not_decoded():
    for name in ("GIF", "PPM", "ICO", "TGA", "JPEG2000", "DDS"):
        data = photo.encoded(photo.quarters(256, 256), name).getvalue()
        assert refusal(data).code in {"gif", "not_a_photo"}


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("kept", [0.02, 0.3, 0.7, 0.95])
def test_half_a_photo_is_refused_as_damaged(name, kept):
    data = photo.encoded(Image.effect_noise((600, 600), 50).convert("RGB"), name).getvalue()
    assert refusal(data[: int(len(data) * kept)]).code == "damaged"


@pytest.mark.parametrize(
    ("size", "code"),
    [
        ((LIMITS.min_side - 1, 600), "too_small"),
        ((600, LIMITS.min_side - 1), "too_small"),
        ((300, 1201), "too_narrow"),
        ((1201, 300), "too_narrow"),
    ],
)
def test_a_useless_shape_is_refused_with_its_size(size, code):
    refused = refusal(photo.encoded(photo.quarters(*size)).getvalue())
    assert refused.code == code
    assert f"{size[0]} × {size[1]}" in refused.message


@pytest.mark.parametrize("size", [(LIMITS.min_side, LIMITS.min_side), (300, 1200), (1200, 300)])
def test_a_shape_at_the_limit_is_taken(size):
    assert normalise(photo.encoded(photo.quarters(*size))).width == size[0]


@pytest.mark.parametrize(
    "data",
    [
        photo.jpeg_claiming(65000, 65000),
        photo.jpeg_claiming(20_001, 10_000),
        photo.png_claiming(50_000, 50_000),
        photo.png_claiming(8000, 7000),
        photo.png_claiming(12_000, 11_000, depth=16, colour=6),
        photo.png_claiming(2**31 - 1, 2**31 - 1),
    ],
)
def test_too_many_pixels_are_refused_before_they_are_decoded(data, monkeypatch):
    monkeypatch.setattr(ingest, "decode", never_opened)
    refused = refusal(data)
    assert refused.code == "too_many_pixels"
    assert "megapixels" in refused.message


def test_a_header_that_promises_more_than_there_is_means_damage():
    assert refusal(photo.png_claiming(3000, 2000)).code == "damaged"


def test_a_header_within_pillows_warning_range_is_refused_without_a_warning_as_well():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        assert refusal(photo.jpeg_claiming(16_001, 16_001)).code == "too_many_pixels"


def test_too_many_bytes_are_refused(monkeypatch):
    limits = Limits(max_bytes=1024 * 1024)
    monkeypatch.setattr(ingest, "LIMITS", limits)
    monkeypatch.setattr(refusals, "LIMITS", limits)
    refused = refusal(WHOLE["JPEG"] + bytes(1024 * 1024))
    assert (refused.code, "1 MB" in refused.message) == ("too_many_bytes", True)


def test_a_jpeg_of_endless_scans_is_refused_before_it_is_decoded():
    # At half a millisecond each, these would take longer than a worker may.
    assert refusal(photo.scan_bomb(5000)).code == "too_many_scans"


def test_scan_markers_outside_the_picture_do_not_count():
    harmless = WHOLE["JPEG"] + b"\xff\xda" * 5000
    assert normalise(io.BytesIO(harmless)).width == 640
    preview = photo.with_segment(WHOLE["JPEG"], 0xE5, b"\xff\xda" * 5000)
    assert normalise(io.BytesIO(preview)).width == 640


def taken_or_refused(data: bytes) -> None:
    """Any bytes at all: either a sound photo comes out, or a refusal with a sentence."""
    try:
        result = normalise(io.BytesIO(data))
    except PhotoRefusedError as refused:
        assert refused.code and refused.message.endswith(".")
    else:
        assert isinstance(result, NormalisedPhoto)
        assert max(photo.opened(result.data).size) <= LIMITS.stored_side


HEADS = [
    b"",
    ftyp(b"heic")[:24],
    ftyp(b"avif"),
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n",
    b"RIFF\0\0\0\0WEBP",
    b"RIFF\0\0\0\0WEBPVP8 ",
]


@given(head=st.sampled_from(HEADS), rest=st.binary(max_size=4000))
@settings(max_examples=150, deadline=None)
def test_random_bytes_are_refused_and_nothing_else_happens(head, rest):
    taken_or_refused(head + rest)


@given(
    whole=st.sampled_from([*WHOLE.values(), PROGRESSIVE]),
    changes=st.lists(st.tuples(st.integers(0, 700), st.integers(0, 255)), min_size=1, max_size=8),
)
@settings(max_examples=150, deadline=None)
def test_a_changed_header_is_taken_or_refused_and_nothing_else_happens(whole, changes):
    data = bytearray(whole)
    for at, value in changes:
        data[min(at, len(data) - 1)] = value
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        taken_or_refused(bytes(data))


@given(whole=st.sampled_from([*WHOLE.values(), PROGRESSIVE]), data=st.data())
@settings(max_examples=80, deadline=None)
def test_a_cut_file_is_taken_or_refused_and_nothing_else_happens(whole, data):
    taken_or_refused(whole[: data.draw(st.integers(0, len(whole)))])
