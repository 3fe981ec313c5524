"""What `normalise` keeps of a photo and what it does to it."""

from __future__ import annotations

import io
import struct

import pytest
from PIL import Image, ImageChops, ImageCms, ImageDraw

from models_app.ingest import normalise
from models_app.limits import LIMITS
from tests.models_app import photographs as photo


def near(pixel, expected, tolerance=6) -> bool:
    return all(abs(a - b) <= tolerance for a, b in zip(pixel, expected, strict=True))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP"])
def test_every_orientation_comes_out_upright(orientation, name):
    stored = photo.quarters()
    if (turn := photo.AS_STORED[orientation]) is not None:
        stored = stored.transpose(turn)
    source = photo.encoded(stored, name, exif=photo.exif(orientation))
    result = normalise(source)
    image = photo.opened(result.data)
    assert photo.corners(image) == photo.UPRIGHT
    assert image.size == (result.width, result.height) == (640, 480)
    assert photo.corners(photo.opened(result.thumbnail)) == photo.UPRIGHT


def test_an_orientation_only_xmp_knows_is_applied():
    stored = photo.quarters().transpose(photo.AS_STORED[6])
    note = b'<x:xmpmeta xmlns:x="adobe:ns:meta/" tiff:Orientation="6"></x:xmpmeta>'
    result = normalise(photo.encoded(stored, xmp=note))
    assert photo.corners(photo.opened(result.data)) == photo.UPRIGHT


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_an_impossible_orientation_is_ignored(value):
    result = normalise(photo.encoded(photo.quarters(), exif=photo.exif(value)))
    assert photo.corners(photo.opened(result.data)) == photo.UPRIGHT


# Pillow warns on its own; the warning is not ours to raise.
@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_garbage_in_exif_does_not_cost_the_photo():
    data = photo.with_segment(
        photo.encoded(photo.quarters()).getvalue(), 0xE1, b"Exif\0\0MM\0*\xff\xff\xff\xff garbage"
    )
    assert photo.corners(photo.opened(normalise(io.BytesIO(data)).data)) == photo.UPRIGHT


@pytest.mark.parametrize(("name", "extension"), [("JPEG", "jpg"), ("WEBP", "jpg"), ("PNG", "png")])
def test_png_stays_png_and_the_rest_becomes_jpeg(name, extension):
    result = normalise(photo.encoded(photo.quarters(), name))
    assert result.extension == extension
    assert photo.opened(result.data).format == {"jpg": "JPEG", "png": "PNG"}[extension]
    assert photo.opened(result.thumbnail).format == "JPEG"


def test_stored_jpegs_keep_their_full_colour_resolution():
    image = Image.open(io.BytesIO(normalise(photo.encoded(photo.quarters())).data))
    assert [layer[1:3] for layer in image.layer] == [(1, 1)] * 3


def test_a_png_within_the_limits_keeps_every_pixel():
    source = Image.effect_noise((300, 400), 60).convert("RGB")
    result = normalise(photo.encoded(source, "PNG"))
    assert photo.opened(result.data).tobytes() == source.tobytes()


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("size", [(3000, 1500), (1500, 3000), (4100, 2050), (2049, 2049)])
def test_the_long_side_is_limited_and_the_ratio_kept(name, size):
    result = normalise(photo.encoded(photo.quarters(*size), name))
    assert max(result.width, result.height) == LIMITS.stored_side
    assert abs(result.width / result.height - size[0] / size[1]) < 0.01
    assert photo.corners(photo.opened(result.data)) == photo.UPRIGHT
    assert max(photo.opened(result.thumbnail).size) == LIMITS.thumbnail_side


def test_a_small_photo_is_not_enlarged():
    result = normalise(photo.encoded(photo.quarters(300, 260)))
    assert (result.width, result.height) == (300, 260)
    assert photo.opened(result.thumbnail).size == (300, 260)


def test_a_huge_jpeg_is_decoded_at_a_fraction_and_looks_the_same():
    source = photo.quarters(8000, 6000)
    ImageDraw.Draw(source).ellipse((3000, 2000, 5000, 4000), "teal")
    image = photo.opened(normalise(photo.encoded(source)).data)
    assert image.size == (2048, 1536)
    assert photo.corners(image) == photo.UPRIGHT
    assert near(image.getpixel((1024, 768)), (0, 128, 128))


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_jpegs_of_every_colour_kind_become_rgb(mode):
    image = photo.opened(normalise(photo.encoded(photo.quarters(mode=mode))).data)
    assert image.mode == "RGB"
    if mode != "L":
        assert photo.corners(image) == photo.UPRIGHT


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_pngs_of_every_colour_kind_become_rgb(mode):
    if mode == "LA":
        source = photo.quarters(mode="RGBA").convert("LA")
    elif mode == "I;16":
        source = Image.new("I;16", (640, 480), 32896)
    else:
        source = photo.quarters(mode=mode)
    image = photo.opened(normalise(photo.encoded(source, "PNG")).data)
    assert image.mode == "RGB"
    if mode in {"P", "RGB", "RGBA"}:
        assert photo.corners(image) == photo.UPRIGHT


@pytest.mark.parametrize(("grey", "expected"), [(0, 0), (32896, 128), (65535, 255)])
def test_sixteen_bit_greys_are_scaled_not_clipped(grey, expected):
    source = Image.new("I;16", (300, 300), grey)
    image = photo.opened(normalise(photo.encoded(source, "PNG")).data)
    assert image.getpixel((150, 150)) == (expected,) * 3


@pytest.mark.parametrize("name", ["PNG", "WEBP"])
def test_transparent_parts_become_white(name):
    source = Image.new("RGBA", (400, 400), (0, 0, 0, 0))
    ImageDraw.Draw(source).rectangle((100, 100, 300, 300), (200, 0, 0, 255))
    image = photo.opened(normalise(photo.encoded(source, name)).data)
    assert near(image.getpixel((10, 10)), (255, 255, 255))
    assert near(image.getpixel((200, 200)), (200, 0, 0))


def test_half_transparent_colour_is_mixed_with_white():
    source = Image.new("RGBA", (400, 400), (255, 0, 0, 128))
    image = photo.opened(normalise(photo.encoded(source, "PNG")).data)
    assert near(image.getpixel((200, 200)), (255, 127, 127), tolerance=1)


def test_a_transparent_palette_colour_becomes_white():
    source = photo.quarters(mode="RGB").quantize(8)
    red = source.getpixel((8, 8))
    image = photo.opened(normalise(photo.encoded(source, "PNG", transparency=red)).data)
    assert photo.corners(image) == [(255, 255, 255), *photo.UPRIGHT[1:]]


@pytest.mark.parametrize(("mode", "colour"), [("RGB", (255, 0, 0)), ("L", 76)])
def test_a_single_transparent_colour_becomes_white(mode, colour):
    source = photo.quarters(mode=mode)
    image = photo.opened(normalise(photo.encoded(source, "PNG", transparency=colour)).data)
    assert near(image.getpixel((8, 8)), (255, 255, 255), tolerance=0)


@pytest.mark.parametrize("clear", [0, 200, 0x1234, 65535])
@pytest.mark.parametrize("side", [400, 2400])
def test_a_single_transparent_grey_of_sixteen_bits_becomes_white_and_none_beside_it(clear, side):
    beside = clear + 1 if clear < 65535 else clear - 1
    source = Image.new("I;16", (side, side), beside)
    source.paste(Image.new("I;16", (side // 2, side), clear))
    image = photo.opened(normalise(photo.encoded(source, "PNG", transparency=clear)).data)
    left, right = (image.getpixel((image.width * at // 4, 100)) for at in (1, 3))
    assert near(left, (255,) * 3)
    assert near(right, (beside // 256,) * 3)


def linear_profile() -> bytes:
    """Return sRGB's profile with its tone curve replaced by a straight line (gamma 1)."""
    profile = bytearray(photo.srgb_profile())
    for at in range(132, 132 + 12 * int.from_bytes(profile[128:132], "big"), 12):
        if bytes(profile[at : at + 4]) in {b"rTRC", b"gTRC", b"bTRC"}:
            offset = int.from_bytes(profile[at + 4 : at + 8], "big")
            # An identity curve: type, reserved, no entries (ICC.1:2022, 10.6).
            profile[offset : offset + 12] = b"curv" + bytes(8)
            profile[at + 8 : at + 12] = (12).to_bytes(4, "big")
    return bytes(profile)


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP"])
def test_an_embedded_profile_is_converted_to_srgb(name):
    source = Image.new("RGB", (400, 400), (128, 128, 128))
    image = photo.opened(normalise(photo.encoded(source, name, icc_profile=linear_profile())).data)
    # Half of linear light is 188 in sRGB (IEC 61966-2-1).
    assert near(image.getpixel((200, 200)), (188, 188, 188), tolerance=2)


# What is (100, 150, 100) in other spaces, by their definitions.
@pytest.mark.parametrize(
    ("profile", "expected"),
    [(photo.display_p3(), (83, 152, 95)), (photo.adobe_rgb(), (66, 151, 97))],
    ids=["display-p3", "adobe-rgb"],
)
@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "HEIF", "AVIF", "TIFF"])
def test_colours_of_phones_and_cameras_are_converted(name, profile, expected):
    source = Image.new("RGB", (400, 400), (100, 150, 100))
    image = photo.opened(normalise(photo.encoded(source, name, icc_profile=profile)).data)
    assert near(image.getpixel((200, 200)), expected, tolerance=3)


@pytest.mark.parametrize(
    ("kind", "content", "expected"),
    [
        (b"cICP", bytes([12, 13, 0, 1]), (83, 152, 95)),  # Display P3 by number
        (b"gAMA", struct.pack(">I", 100_000), (168, 202, 168)),  # light as it is
        (b"gAMA", struct.pack(">I", 45_455), (100, 150, 100)),
        (b"cHRM", bytes(32), (100, 150, 100)),
    ],
    ids=["by-number", "linear", "usual", "nonsense"],
)
def test_colours_a_png_names_without_a_profile_are_converted(kind, content, expected):
    source = Image.new("RGB", (400, 400), (100, 150, 100))
    data = photo.with_chunk(photo.encoded(source, "PNG").getvalue(), kind, content)
    image = photo.opened(normalise(io.BytesIO(data)).data)
    assert near(image.getpixel((200, 200)), expected, tolerance=2)


def test_ycck_as_adobe_writes_it_becomes_rgb():
    cyan, magenta, yellow, key = photo.quarters(mode="CMYK").split()
    luma, blue, red = Image.merge("RGB", (cyan, magenta, yellow)).convert("YCbCr").split()
    coded = [ImageChops.invert(channel) for channel in (luma, blue, red)]
    data = bytearray(photo.encoded(Image.merge("CMYK", (*coded, key)), quality=95).getvalue())
    data[data.index(b"Adobe") + 11] = 2  # “these are YCCK” (T.872, 6.5.3)
    assert photo.corners(photo.opened(normalise(io.BytesIO(data)).data)) == photo.UPRIGHT


@pytest.mark.parametrize("profile", [b"not a profile", photo.srgb_profile()[:300], bytes(200)])
def test_a_bad_profile_is_ignored(profile):
    source = photo.encoded(photo.quarters(), icc_profile=profile)
    assert photo.corners(photo.opened(normalise(source).data)) == photo.UPRIGHT


def test_a_profile_of_another_colour_kind_is_ignored():
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    source = photo.encoded(photo.quarters(), "PNG", icc_profile=lab)
    assert photo.corners(photo.opened(normalise(source).data)) == photo.UPRIGHT


@pytest.mark.parametrize("name", ["WEBP", "PNG"])
def test_of_an_animation_the_first_frame_is_taken(name):
    others = [Image.new("RGB", (640, 480), colour) for colour in ("black", "white")]
    source = photo.encoded(photo.quarters(), name, save_all=True, append_images=others)
    image = photo.opened(normalise(source).data)
    assert photo.corners(image) == photo.UPRIGHT
    assert getattr(image, "n_frames", 1) == 1


def test_of_a_multi_picture_file_the_first_is_taken():
    source = photo.encoded(
        photo.quarters(), "MPO", save_all=True, append_images=[Image.new("RGB", (640, 480))]
    )
    result = normalise(source)
    assert photo.corners(photo.opened(result.data)) == photo.UPRIGHT
    assert photo.opened(result.data).format == "JPEG"


def test_the_position_of_the_file_does_not_matter():
    source = photo.encoded(photo.quarters())
    source.seek(0, io.SEEK_END)
    assert normalise(source).width == 640
