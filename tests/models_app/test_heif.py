"""HEIC and AVIF photos: their primary picture, upright, whatever else is in the file."""

from __future__ import annotations

import io
import struct

import pillow_heif
import pytest
from PIL import Image, ImageChops

from models_app import ingest
from models_app.errors import PhotoRefusedError
from models_app.ingest import normalise
from models_app.limits import DECODING
from models_app.shapes.heif import read_heif, read_layout
from tests.models_app import heif_files as heif, hostile_heif, photographs as photo

NAMES = ["HEIF", "AVIF"]
ALPHA = b"auxC", bytes(4) + b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0"
DEPTH = b"auxC", bytes(4) + b"urn:mpeg:hevc:2015:auxid:2\0"
GAIN_MAP = b"auxC", bytes(4) + b"urn:com:apple:photo:2020:aux:hdrgainmap\0"


def stored(data: bytes) -> Image.Image:
    return photo.opened(normalise(io.BytesIO(data)).data)


def refusal(data: bytes) -> str:
    with pytest.raises(PhotoRefusedError) as caught:
        normalise(io.BytesIO(data))
    assert caught.value.message.endswith(".")
    return caught.value.code


def as_stored(orientation: int, image: Image.Image) -> Image.Image:
    turn = photo.AS_STORED[orientation]
    return image if turn is None else image.transpose(turn)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_its_own_boxes_turn_it_once_whatever_exif_says_too(name, orientation):
    source = as_stored(orientation, photo.quarters())
    # Both encoders write the boxes for what EXIF says, and EXIF besides.
    data = photo.encoded(source, name, exif=photo.exif(orientation).tobytes()).getvalue()
    assert photo.corners(stored(data)) == photo.UPRIGHT


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_grid_is_put_together_and_turned_by_its_boxes(orientation):
    source = as_stored(orientation, photo.quarters(900, 700))
    data = heif.tiled(source, 256, *heif.TURNS[orientation])
    assert photo.corners(stored(data)) == photo.UPRIGHT
    assert stored(data).size == (900, 700)


def test_exif_alone_turns_nothing():
    note = heif.Part(b"Exif", bytes(4) + photo.exif(6).tobytes()[6:], [], [(b"cdsc", [1])])
    assert photo.corners(stored(heif.file([heif.coded(photo.quarters()), note]))) == photo.UPRIGHT


@pytest.mark.parametrize("name", NAMES)
def test_a_grid_looks_like_the_picture_it_was_cut_from(name):
    source = heif.photo_detail(900, 700)
    image = stored(heif.tiled(source, 256, name=name, quality=95))
    difference = ImageChops.difference(image.reduce(4), source.reduce(4))
    assert max(most for _, most in difference.getextrema()) < 16


def test_ten_bits_a_colour_become_eight():
    pixels = struct.pack("<3H", 65535, 32896, 0) * 120_000
    deep = pillow_heif.from_bytes("RGB;16", (400, 300), pixels)
    buffer = io.BytesIO()
    deep.save(buffer, quality=90)
    assert read_heif(buffer).bits == 10
    pixel = stored(buffer.getvalue()).getpixel((200, 150))
    assert all(abs(a - b) <= 3 for a, b in zip(pixel, (255, 128, 0), strict=True))


def test_of_a_burst_the_primary_picture_is_taken():
    others = [heif.coded(Image.new("RGB", (640, 480), colour)) for colour in ("black", "white")]
    data = heif.file([*others, heif.coded(photo.quarters())], primary=3)
    assert photo.corners(stored(data)) == photo.UPRIGHT


def same(properties: list[tuple[bytes, bytes]], source: int = 2) -> heif.Part:
    """A picture that is another with something done to it (ISO/IEC 23008-12, 6.6.2.1)."""
    return heif.Part(b"iden", b"", properties, [(b"dimg", [source])])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_that_only_turns_another_is_taken(orientation):
    source = heif.coded(as_stored(orientation, photo.quarters()))
    primary = same([heif.sides(640, 480), *heif.TURNS[orientation]])
    assert photo.corners(stored(heif.file([primary, source]))) == photo.UPRIGHT


def test_a_picture_that_turns_a_grid_with_transparency_is_taken():
    source = as_stored(6, photo.quarters(512, 512))
    tiles = [source.crop((x, y, x + 256, y + 256)) for y in (0, 256) for x in (0, 256)]
    parts = heif.grid([heif.coded(tile) for tile in tiles], 2, 512, 512)
    mask = heif.coded(Image.new("L", (512, 512), 255), ALPHA)
    mask.refers.append((b"auxl", [6]))
    primary = same([heif.sides(512, 512), *heif.TURNS[6]], source=1)
    data = heif.file([*parts, primary, mask], primary=6)
    assert photo.corners(stored(data)) == photo.UPRIGHT
    assert read_layout(io.BytesIO(data)).alpha


SAME_REFUSED = {
    "of-itself": ("unusual_kind", [same([], source=1)]),
    "of-one-that-is-of-it": ("unusual_kind", [same([], source=2), same([], source=1)]),
    "of-nothing": ("damaged", [same([], source=9)]),
    "of-two": ("damaged", [heif.Part(b"iden", b"", [], [(b"dimg", [2, 2])]), hostile_heif.tile()]),
    "of-none": ("damaged", [heif.Part(b"iden", b""), hostile_heif.tile()]),
    "of-one-that-is-turned": (
        "unusual_kind",
        [same([]), heif.coded(photo.quarters(), *heif.TURNS[6])],
    ),
    "of-another-kind": ("unusual_kind", [same([]), heif.Part(b"iovl", b"x", [heif.sides(9, 9)])]),
}


@pytest.mark.parametrize("name", SAME_REFUSED)
def test_a_picture_that_turns_nothing_decodable_is_refused(name):
    code, parts = SAME_REFUSED[name]
    assert refusal(heif.file(parts)) == code


def test_an_animation_is_its_first_picture():
    others = [Image.new("RGB", (640, 480), colour) for colour in ("black", "white")]
    data = photo.encoded(photo.quarters(), "AVIF", save_all=True, append_images=others).getvalue()
    assert photo.corners(stored(data)) == photo.UPRIGHT


@pytest.mark.parametrize("kind", [DEPTH, GAIN_MAP])
def test_depth_and_gain_maps_are_left_alone(kind):
    broken = heif.Part(b"hvc1", b"not a picture", [heif.sides(320, 240), kind], [(b"auxl", [1])])
    preview = heif.Part(b"hvc1", b"neither", [heif.sides(160, 120)], [(b"thmb", [1])])
    data = heif.file([heif.coded(photo.quarters()), broken, preview])
    assert photo.corners(stored(data)) == photo.UPRIGHT


def test_a_live_photos_film_behind_the_still_is_left_alone():
    film = heif.box(b"moov", bytes(200)) + heif.box(b"mdat", bytes(5000))
    data = heif.file([heif.coded(photo.quarters())], behind=film)
    assert photo.corners(stored(data)) == photo.UPRIGHT


@pytest.mark.parametrize("name", NAMES)
def test_transparent_parts_become_white(name):
    source = photo.quarters(mode="RGBA")
    source.paste((0, 0, 0, 0), (0, 0, 320, 240))
    assert photo.corners(stored(photo.encoded(source, name).getvalue())) == [
        (255, 255, 255), *photo.UPRIGHT[1:],
    ]  # fmt: skip


def test_a_grids_transparency_may_be_coded_whole():
    tiles = [heif.coded(photo.quarters(256, 256))] * 4
    parts = heif.grid(tiles, 2, 512, 512)
    mask = heif.coded(Image.linear_gradient("L").resize((512, 512)), ALPHA)
    mask.refers.append((b"auxl", [1]))
    image = stored(heif.file([*parts, mask]))
    assert all(abs(a - b) < 6 for a, b in zip(image.getpixel((8, 2)), (255, 255, 255), strict=True))
    assert photo.corners(image)[3] == (255, 255, 0)


def test_a_clean_aperture_cuts_the_picture():
    # 320 × 260 around a centre 100 right of and 80 above the middle: the lime quarter's inside.
    clap = struct.pack(">IIIIiIiI", 300, 1, 260, 1, 170, 1, -110, 1)
    image = stored(heif.file([heif.coded(photo.quarters(640, 480), (b"clap", clap))]))
    assert image.size == (300, 260)
    assert photo.corners(image)[1] == (0, 255, 0)


@pytest.mark.parametrize(
    ("size", "name"), [((8064, 6048), "HEIF"), ((4032, 3024), "AVIF"), ((16_320, 12_240), "HEIF")]
)
def test_a_photo_of_many_megapixels_fits_into_memory_in_tiles(size, name):
    shape = read_heif(io.BytesIO(heif.large(*size, quality=5, name=name)))
    assert (shape.width, shape.height) == size
    assert shape.memory < 2 * DECODING.memory / 3


def test_a_phones_photo_of_48_megapixels_is_taken():
    result = normalise(io.BytesIO(heif.large(8064, 6048, quality=5)))
    assert (result.width, result.height) == (2048, 1536)


def never_opened(*_: object) -> None:
    pytest.fail("it was opened")


@pytest.mark.parametrize("name", hostile_heif.REFUSED)
def test_what_its_boxes_promise_is_checked_before_any_decoder_sees_it(name, monkeypatch):
    code, make = hostile_heif.REFUSED[name]
    monkeypatch.setattr(ingest, "decode", never_opened)
    assert refusal(make()) == code


def test_a_tile_that_is_larger_than_it_says_is_damaged():
    inside = heif.coded(photo.quarters(512, 512))
    lying = [one if one[0] != b"ispe" else heif.sides(256, 256) for one in inside.properties]
    data = heif.file([heif.Part(b"hvc1", inside.data, lying)])
    assert refusal(data) in {"damaged", "too_much_memory"}


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("name", NAMES)
def test_a_cut_photo_is_damaged(name, kept):
    data = photo.encoded(photo.quarters(), name).getvalue()
    assert refusal(data[: int(len(data) * kept)]) == "damaged"
