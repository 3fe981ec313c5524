"""Trouble in a photo's notes costs the notes, never the pixels."""

from __future__ import annotations

import io
import random
import struct
import zlib
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from models_app.decoding import metadata
from models_app.ingest import normalise
from tests.models_app import photographs as photo
from tests.models_app.hostile import webp_canvas, webp_chunk, webp_pixels


@cache
def plain(name: str) -> bytes:
    return photo.encoded(photo.quarters(), name).getvalue()


def big_profile(size: int) -> bytes:
    """Return a profile that a program can read and that fills so many bytes."""
    profile = bytearray(photo.srgb_profile())
    profile[:4] = struct.pack(">I", size)
    return bytes(profile) + random.Random(1).randbytes(size - len(profile))


def with_profile(profile: bytes) -> bytes:
    return photo.with_chunk(plain("PNG"), b"iCCP", b"screen\0\0" + zlib.compress(profile))


def with_chunk(kind: bytes, content: bytes) -> bytes:
    return photo.with_chunk(plain("PNG"), kind, content)


def behind_the_pixels(kind: bytes, content: bytes) -> bytes:
    return plain("PNG")[:-12] + photo.png_chunk(kind, content) + plain("PNG")[-12:]


def wrong_checksum(kind: bytes, content: bytes) -> bytes:
    good = photo.png_chunk(kind, content)
    return plain("PNG")[:33] + good[:-4] + b"oops" + plain("PNG")[33:]


PACKED = zlib.compress(b"words " * 10**6)
PNGS = {
    "profile-of-2-mb": with_profile(big_profile(2 * 10**6)),
    "profile-of-9-mb": with_profile(big_profile(9 * 10**6)),
    "profile-packed-another-way": with_chunk(b"iCCP", b"a\0\7" + PACKED),
    "profile-without-an-end": with_chunk(b"iCCP", b"a"),
    "profile-empty": with_chunk(b"iCCP", b""),
    "profile-cut-short": with_chunk(b"iCCP", b"a\0\0" + PACKED[:-9]),
    "text-of-6-mb": with_chunk(b"zTXt", b"Comment\0\0" + PACKED),
    "texts-of-80-mb": plain("PNG")[:33]
    + photo.png_chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(10**6))) * 80
    + plain("PNG")[33:],
    "text-packed-another-way": with_chunk(b"zTXt", b"Comment\0\7" + PACKED),
    "text-in-a-language-of-6-mb": with_chunk(b"iTXt", b"a\0\1\0de\0b\0" + PACKED),
    "text-behind-the-pixels": behind_the_pixels(b"zTXt", b"Comment\0\0" + PACKED),
    "text-with-a-wrong-checksum": wrong_checksum(b"tEXt", b"a\0b"),
    "resolution-cut-short": with_chunk(b"pHYs", b"\0"),
    "gamma-cut-short": with_chunk(b"gAMA", b""),
    "colours-cut-short": with_chunk(b"cHRM", bytes(5)),
    "intent-cut-short": with_chunk(b"sRGB", b""),
    "transparency-cut-short": with_chunk(b"tRNS", b"\0"),
    "frames-cut-short": with_chunk(b"acTL", b"\0"),
    "frame-out-of-order": with_chunk(b"fcTL", bytes([9] * 26)),
    "exif-of-garbage": with_chunk(b"eXIf", b"MM\0*\xff\xff\xff\xff"),
    "exif-of-12-mb": with_chunk(b"eXIf", bytes(12 * 10**6)),
}
JPEGS = {
    name: photo.with_segment(plain("JPEG"), marker, content)
    for name, marker, content in (
        ("exif-empty", 0xE1, b"Exif\0\0"),
        ("exif-of-garbage", 0xE1, b"Exif\0\0MM\0*\xff\xff\xff\xff"),
        ("exif-cut-short", 0xE1, photo.exif().tobytes()[:40]),
        ("xmp-broken", 0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta"),
        ("jfif-cut-short", 0xE0, b"JFIF"),
        ("profile-cut-short", 0xE2, b"ICC_PROFILE\0"),
        ("profile-without-data", 0xE2, b"ICC_PROFILE\0\1\1"),
        ("profile-with-parts-missing", 0xE2, b"ICC_PROFILE\0\2\7" + bytes(99)),
        ("second-picture-of-garbage", 0xE2, b"MPF\0MM\0*\xff\xff\xff\xff"),
        ("photoshop-cut-short", 0xED, b"Photoshop 3.0\x008BIM\4"),
        ("adobe-cut-short", 0xEE, b"Adobe"),
    )
}


@pytest.fixture(scope="module", autouse=True)
def readers():
    """Use the worker's readers in this process: a property is tried too often for a worker each."""
    stream, markers = metadata.PngImagePlugin.PngStream, dict(metadata.JpegImagePlugin.MARKER)
    metadata.install()
    yield
    metadata.PngImagePlugin.PngStream = stream
    metadata.JpegImagePlugin.MARKER.update(markers)


def read(data: bytes, name: str) -> bytes:
    with metadata.opened(io.BytesIO(data), name) as image:
        return image.convert("RGB").tobytes()


@pytest.mark.parametrize("name", PNGS)
def test_a_png_with_broken_or_endless_notes_keeps_its_pixels(name):
    assert read(PNGS[name], "PNG") == read(plain("PNG"), "PNG")


@pytest.mark.parametrize("name", JPEGS)
def test_a_jpeg_with_broken_notes_keeps_its_pixels(name):
    assert read(JPEGS[name], "JPEG") == read(plain("JPEG"), "JPEG")


def test_an_upload_with_broken_notes_is_taken():
    for data in (PNGS["texts-of-80-mb"], JPEGS["profile-cut-short"]):
        assert photo.corners(photo.opened(normalise(io.BytesIO(data)).data)) == photo.UPRIGHT


KINDS = st.sampled_from(
    [b"zTXt", b"iTXt", b"tEXt", b"iCCP", b"eXIf", b"pHYs", b"gAMA", b"cHRM", b"sRGB", b"tIME",
     b"bKGD", b"hIST", b"sPLT", b"sBIT", b"acTL", b"fcTL", b"prVt", b"cICP"]
)  # fmt: skip
CONTENT = st.one_of(
    st.binary(max_size=200),
    st.binary(max_size=99).map(lambda data: b"a\0\0" + zlib.compress(data * 50_000)),
    st.binary(max_size=30).map(lambda data: b"XML:com.adobe.xmp\0\1\0\0\0" + data),
)
many = settings(
    max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None
)  # each with one or two decoded pictures


@many
@given(st.lists(st.tuples(KINDS, CONTENT, st.booleans(), st.booleans()), max_size=5))
def test_whatever_the_notes_of_a_png_hold_its_pixels_are_those_without_them(notes):
    front = back = b""
    for kind, content, is_behind, is_sound in notes:
        chunk = photo.png_chunk(kind, content)
        chunk = chunk if is_sound else chunk[:-1] + bytes([chunk[-1] ^ 1])
        front, back = (front, back + chunk) if is_behind else (front + chunk, back)
    clean = plain("PNG")
    data = clean[:33] + front + clean[33:-12] + back + clean[-12:]
    assert read(data, "PNG") == read(clean, "PNG")


BEGINNINGS = st.sampled_from(
    [b"", b"Exif\0\0", b"Exif\0\0II*\0\x08\0\0\0", b"ICC_PROFILE\0", b"ICC_PROFILE\0\1\1",
     b"MPF\0", b"http://ns.adobe.com/xap/1.0/\0", b"JFIF\0", b"Photoshop 3.0\x008BIM", b"FPXR\0"]
)  # fmt: skip


@many
@given(st.lists(st.tuples(st.integers(0, 15), BEGINNINGS, st.binary(max_size=99)), max_size=6))
def test_whatever_the_notes_of_a_jpeg_hold_its_pixels_are_those_without_them(notes):
    data = plain("JPEG")
    for number, beginning, rest in notes:
        marker = 0xFE if number == 14 else 0xE0 + number  # 14 is Adobe's, which names the colours
        data = photo.with_segment(data, marker, beginning + rest)
    assert read(data, "JPEG") == read(plain("JPEG"), "JPEG")


@many
@given(st.lists(st.tuples(st.sampled_from([b"EXIF", b"XMP ", b"ICCP", b"junk"]), CONTENT)))
def test_whatever_the_notes_of_a_webp_hold_its_pixels_are_those_without_them(notes):
    chunks = [webp_chunk(kind, content) for kind, content in notes]
    data = webp_canvas(300, 300, webp_pixels(), *chunks)
    assert read(data, "WEBP") == read(webp_canvas(300, 300, webp_pixels()), "WEBP")


@pytest.mark.parametrize(("megabytes", "is_used"), [(2, True), (9, False)])
def test_a_profile_is_used_up_to_the_size_of_a_printers(megabytes, is_used):
    profile = big_profile(megabytes * 10**6)
    with metadata.opened(io.BytesIO(with_profile(profile)), "PNG") as image:
        assert image.info.get("icc_profile") == (profile if is_used else None)
