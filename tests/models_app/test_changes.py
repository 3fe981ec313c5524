"""What was done to a photo is stored with it, in words a person understands."""

from __future__ import annotations

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from models_app.changes import changes_text
from models_app.ingest import normalise
from models_app.services import add_photo
from tests.factories import UserModelFactory
from tests.models_app import heif_files, photographs as photo


def changes(data: bytes) -> tuple[str, ...]:
    return normalise(io.BytesIO(data)).changes


def saved(name: str = "JPEG", size: tuple[int, int] = (640, 480), **options: object) -> bytes:
    return photo.encoded(photo.quarters(*size), name, **options).getvalue()


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (saved, ()),
        (lambda: saved("PNG"), ()),
        (lambda: saved(exif=photo.exif(6)), ("turned", "location", "details")),
        (lambda: saved(xmp=photo.xmp()), ("details",)),
        (lambda: saved(size=(2400, 1600)), ("smaller",)),
        (lambda: saved(icc_profile=photo.srgb_profile()), ()),
        (lambda: saved(icc_profile=photo.display_p3()), ("colours",)),
        (lambda: saved(exif=photo.exif_adobe_rgb()), ("colours",)),
        (lambda: photo.encoded(photo.quarters(mode="CMYK")).getvalue(), ("colours",)),
        (lambda: saved("WEBP"), ("jpeg",)),
        (
            lambda: saved("HEIF", exif=photo.exif(8).tobytes()),
            ("turned", "location", "details", "jpeg"),
        ),
        (
            lambda: saved("TIFF", save_all=True, append_images=[Image.new("L", (9, 9))]),
            ("first", "jpeg"),
        ),
        (lambda: photo.encoded(photo.quarters(mode="RGBA"), "PNG").getvalue(), ("white",)),
        (
            lambda: heif_files.tiled(photo.quarters(), 256, heif_files.colours(12, 13)),
            ("colours", "jpeg"),
        ),
    ],
)
def test_what_was_done_is_told(make, expected):
    assert changes(make()) == expected


def test_it_is_a_line_for_people():
    assert changes_text(["turned", "location"]) == "Turned upright, location removed"
    assert changes_text([]) == "Nothing had to be changed"
    assert changes_text(["unknown to this release"]) == "Nothing had to be changed"


@pytest.mark.django_db
def test_it_is_stored_with_the_photo():
    upload = SimpleUploadedFile("IMG_1.HEIC", saved("HEIF", exif=photo.exif(6).tobytes()))
    stored = add_photo(UserModelFactory(), upload=upload)
    stored.refresh_from_db()
    assert stored.changes == ["turned", "location", "details", "jpeg"]
    assert stored.file.name.endswith(".jpg")


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["photo", "IMG_1.JPG", "photo.jpeg.HEIC", "x.txt", "Scan.TIF"])
@pytest.mark.parametrize("kind", ["JPEG", "HEIF", "TIFF"])
def test_the_name_of_the_file_says_nothing_about_what_it_is(name, kind):
    stored = add_photo(UserModelFactory(), upload=SimpleUploadedFile(name, saved(kind)))
    assert stored.original_filename == name
    assert stored.width == 640
