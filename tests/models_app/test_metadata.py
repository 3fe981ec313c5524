"""No stored photo says where, when, by whom or with what it was taken."""

from __future__ import annotations

import io
import zlib

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from models_app.ingest import normalise
from tests.models_app import heif_files as heif, photographs as photo

SECRET = photo.SECRET


def jpeg_with_exif() -> bytes:
    return photo.encoded(photo.quarters(), exif=photo.exif()).getvalue()


def jpeg_with_exif_thumbnail() -> bytes:
    # A thumbnail lies behind the tags of the second directory; as text it is easy to find.
    tags = photo.exif().tobytes() + b"\xff\xd8" + SECRET + b"\xff\xd9"
    return photo.encoded(photo.quarters(), exif=tags).getvalue()


def jpeg_with_xmp() -> bytes:
    return photo.encoded(photo.quarters(), xmp=photo.xmp()).getvalue()


def jpeg_with_comment() -> bytes:
    return photo.encoded(photo.quarters(), comment=SECRET).getvalue()


def jpeg_with_profile() -> bytes:
    profile = photo.srgb_profile() + SECRET
    return photo.encoded(photo.quarters(), icc_profile=profile).getvalue()


def jpeg_with_iptc() -> bytes:
    # Photoshop's resource 0x0404 holds IPTC records; 2:90 is the city.
    record = b"\x1c\x02\x5a" + len(SECRET).to_bytes(2, "big") + SECRET
    resource = b"8BIM\x04\x04\x00\x00" + len(record).to_bytes(4, "big") + record
    plain = photo.encoded(photo.quarters()).getvalue()
    return photo.with_segment(plain, 0xED, b"Photoshop 3.0\0" + resource)


def jpeg_with_unknown_segment() -> bytes:
    plain = photo.encoded(photo.quarters()).getvalue()
    return photo.with_segment(plain, 0xEA, b"Maker\0" + SECRET)


def jpeg_with_a_film_behind_it() -> bytes:
    return photo.encoded(photo.quarters()).getvalue() + b"\0\0\0\x18ftypmp42" + SECRET


def mpo_with_a_place_in_the_second_frame() -> bytes:
    second = Image.new("RGB", (640, 480))
    second.info["comment"] = SECRET
    return photo.encoded(
        photo.quarters(), "MPO", save_all=True, append_images=[second], exif=photo.exif()
    ).getvalue()


def png_with_texts() -> bytes:
    texts = PngInfo()
    texts.add_text("Location", SECRET.decode())
    texts.add_itxt("XML:com.adobe.xmp", photo.xmp().decode())
    return photo.encoded(photo.quarters(), "PNG", pnginfo=texts).getvalue()


def png_with_compressed_text() -> bytes:
    plain = photo.encoded(photo.quarters(), "PNG").getvalue()
    return photo.with_chunk(plain, b"zTXt", b"Location\0\0" + zlib.compress(SECRET))


def png_with_exif() -> bytes:
    return photo.encoded(photo.quarters(), "PNG", exif=photo.exif()).getvalue()


def png_with_profile() -> bytes:
    profile = photo.srgb_profile() + SECRET
    return photo.encoded(photo.quarters(), "PNG", icc_profile=profile).getvalue()


def png_with_private_chunk_and_time() -> bytes:
    plain = photo.encoded(photo.quarters(), "PNG").getvalue()
    dated = photo.with_chunk(plain, b"tIME", b"\x07\xe8\x05\x06\x07\x08\x09")
    return photo.with_chunk(dated, b"prVt", SECRET) + SECRET


def webp_with_everything() -> bytes:
    return photo.encoded(
        photo.quarters(),
        "WEBP",
        exif=photo.exif(),
        xmp=photo.xmp(),
        icc_profile=photo.srgb_profile() + SECRET,
    ).getvalue()


def heic_with_everything() -> bytes:
    exif = heif.Part(b"Exif", bytes(4) + photo.exif().tobytes()[6:], [], [(b"cdsc", [1])])
    xmp = heif.Part(b"mime", photo.xmp(), [], [(b"cdsc", [1])])
    preview = heif.coded(photo.quarters(160, 120))
    preview.refers.append((b"thmb", [1]))
    icc = heif.profile(photo.display_p3() + SECRET)
    film = heif.box(b"moov", SECRET) + heif.box(b"uuid", SECRET)
    return heif.file([heif.coded(photo.quarters(), icc), exif, xmp, preview], behind=film)


def avif_with_everything() -> bytes:
    options = {"exif": photo.exif(), "xmp": photo.xmp(), "icc_profile": photo.display_p3() + SECRET}
    return photo.encoded(photo.quarters(), "AVIF", **options).getvalue()


def tiff_with_everything() -> bytes:
    tags = {270: SECRET, 271: "Camera Maker", 305: SECRET, 306: "2024:05:06 07:08:09", 315: SECRET}
    tags |= {700: photo.xmp(), 33723: SECRET, 34377: b"8BIM" + SECRET}
    other = Image.new("RGB", (300, 300))
    return photo.encoded(
        photo.quarters(), "TIFF", tiffinfo=tags, exif=photo.exif(), save_all=True,
        append_images=[other], icc_profile=photo.display_p3() + SECRET,
    ).getvalue()  # fmt: skip


def bmp_with_a_tail() -> bytes:
    return photo.encoded(photo.quarters(), "BMP").getvalue() + SECRET


SOURCES = [
    heic_with_everything,
    avif_with_everything,
    tiff_with_everything,
    bmp_with_a_tail,
    jpeg_with_exif,
    jpeg_with_exif_thumbnail,
    jpeg_with_xmp,
    jpeg_with_comment,
    jpeg_with_profile,
    jpeg_with_iptc,
    jpeg_with_unknown_segment,
    jpeg_with_a_film_behind_it,
    mpo_with_a_place_in_the_second_frame,
    png_with_texts,
    png_with_compressed_text,
    png_with_exif,
    png_with_profile,
    png_with_private_chunk_and_time,
    webp_with_everything,
]
TRACES = [
    SECRET,
    b"Camera Maker",
    b"2024:05:06",
    b"Exif",
    b"xmpmeta",
    b"8BIM",
    b"Photoshop",
    b"ICC_PROFILE",
    b"MPF\0",
    b"eXIf",
    b"iCCP",
    b"tEXt",
    b"zTXt",
    b"iTXt",
    b"tIME",
    b"prVt",
    b"ftyp",
]


def segments(jpeg: bytes) -> list[int]:
    """Return the markers of a JPEG up to its pixels."""
    found, at = [], 2
    while jpeg[at + 1] != 0xDA:
        found.append(jpeg[at + 1])
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
    return found


def chunks(png: bytes) -> set[bytes]:
    found, at = set(), 8
    while at < len(png):
        found.add(png[at + 4 : at + 8])
        at += 12 + int.from_bytes(png[at : at + 4], "big")
    return found


@pytest.mark.parametrize("source", SOURCES)
def test_nothing_but_pixels_is_stored(source):
    result = normalise(io.BytesIO(source()))
    for stored in (result.data, result.thumbnail):
        assert [trace for trace in TRACES if trace in stored] == []
        image = photo.opened(stored)
        assert dict(image.getexif()) == {}
        assert image.info.keys() <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        if image.format == "JPEG":
            # APP0 is the plain JFIF header; any other application segment or comment is not.
            assert not set(segments(stored)) & {*range(0xE1, 0xF0), 0xFE}
            assert stored.rindex(b"\xff\xd9") == len(stored) - 2
        else:
            assert chunks(stored) == {b"IHDR", b"IDAT", b"IEND"}
    assert photo.corners(photo.opened(result.data)) == photo.UPRIGHT


def test_the_sources_do_carry_what_must_not_survive():
    assert photo.gps_position() in jpeg_with_exif()
    assert photo.gps_position() in heic_with_everything()
    for source in (heic_with_everything, avif_with_everything, tiff_with_everything, jpeg_with_xmp):
        assert SECRET in source()
    for source in (jpeg_with_iptc, jpeg_with_a_film_behind_it, png_with_texts):
        assert SECRET in source()
    with Image.open(io.BytesIO(mpo_with_a_place_in_the_second_frame())) as image:
        assert image.n_frames == 2
