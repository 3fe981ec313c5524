"""What is measured of photos, and which notes they get: good ones none, spoiled ones their own."""

from __future__ import annotations

import io
import uuid

import pytest
from PIL import Image, ImageEnhance

from models_app.coach import faces
from models_app.coach.measures import read
from models_app.coach.measuring import measure
from models_app.coach.notes import Measured, notes_of
from models_app.ingest import normalise
from models_app.models import Subject
from tests.models_app.coach_photos import (
    blurred,
    cropped,
    cut_off,
    draw_head,
    exposed,
    portrait,
    scene,
)
from tests.models_app.photographs import encoded

looks_for_faces = pytest.mark.skipif(
    faces.load() is None, reason="the face detector has no wheel for this machine"
)


def taken(*images: Image.Image) -> list[Measured]:
    return [
        Measured(uuid.uuid4(), f"IMG_{at}.jpg", *image.size, read(measure(image)))
        for at, image in enumerate(images)
    ]


def codes(image: Image.Image, kind: str) -> list[str]:
    (notes,) = notes_of(taken(image), kind).values()
    return [note.code for note in notes]


def codes_of_second(first: Image.Image, second: Image.Image) -> list[str]:
    notes = list(notes_of(taken(first, second), Subject.PRODUCT).values())
    assert notes[0] == []
    return [note.code for note in notes[1]]


@pytest.mark.parametrize("seed", range(1, 6))
def test_a_good_photo_of_a_product_gets_no_note(seed):
    assert codes(scene(seed), Subject.PRODUCT) == []


@looks_for_faces
@pytest.mark.parametrize("face", [0.12, 0.25, 0.4])
def test_a_sharp_portrait_in_front_of_a_soft_background_gets_no_note(face):
    assert codes(portrait(1, face), Subject.PERSON) == []


@looks_for_faces
def test_a_face_in_shade_in_a_well_lit_photo_is_not_called_dark():
    assert codes(portrait(1, 0.3, light=0.7), Subject.PERSON) == []


@pytest.mark.parametrize("seed", [1, 3, 4, 6])
@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda image: blurred(image, 3), "blurred"),
        (lambda image: blurred(image, 12), "blurred"),
        (lambda image: exposed(image, -3), "dark"),
        (lambda image: ImageEnhance.Brightness(image).enhance(0.25), "dark"),
        (lambda image: exposed(image, 3), "bright"),
        (lambda image: ImageEnhance.Brightness(image).enhance(4), "bright"),
        (lambda image: cut_off(image, 0.3), "cut_off"),
        (lambda image: cut_off(image, 0.04), "cut_off"),
        (lambda image: image.resize((640, 480)), "small"),
    ],
)
def test_each_defect_is_noticed_alone(seed, spoil, code):
    assert codes(spoil(scene(seed)), Subject.PRODUCT) == [code]


@pytest.mark.parametrize("edge", ["bottom", "right", "top", "left"])
def test_a_grey_end_is_found_at_every_edge_as_the_photo_may_have_been_turned(edge):
    assert "cut_off" in codes(cut_off(scene(2), 0.2, edge), Subject.PRODUCT)


def test_a_grey_wall_is_not_taken_for_a_part_that_is_missing():
    image = scene(1)
    wall = Image.effect_noise((image.width, 300), 2).convert("RGB")
    image.paste(wall, (0, image.height - 300))
    assert "cut_off" not in codes(image, Subject.PRODUCT)


def test_a_product_on_white_is_not_called_too_bright():
    image = Image.new("RGB", (1200, 1200), "white")
    image.paste(scene(3, 600, 600), (300, 300))
    assert codes(image, Subject.PRODUCT) == []


def test_light_is_part_of_a_style():
    assert codes(exposed(scene(1), -3), Subject.STYLE) == []


@looks_for_faces
@pytest.mark.parametrize(
    ("image", "code"),
    [(scene(1), "no_face"), (portrait(2, 0.05, side=1100), "tiny_face")],
)
def test_what_is_wrong_with_faces_matters_for_persons_only(image, code):
    assert codes(image, Subject.PERSON) == [code]
    assert codes(image, Subject.PRODUCT) == []


@looks_for_faces
def test_several_faces_are_noticed():
    image = portrait(1, 0.01)
    for x in (0.25, 0.75):
        draw_head(image, x, 0.5, 0.25)
    assert codes(image, Subject.PERSON) == ["several_faces"]


@looks_for_faces
@pytest.mark.parametrize("turn", [-1.0, 1.0])
def test_where_a_face_looks_is_measured(turn):
    (side,) = measure(portrait(1, 0.35, turn))["faces"]
    (front,) = measure(portrait(1, 0.35))["faces"]
    assert turn * side["turn"] > 0.23 > 0.1 > abs(front["turn"])


def encoded_again(image: Image.Image) -> Image.Image:
    return Image.open(encoded(image, "JPEG", quality=35)).convert("RGB")


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
@pytest.mark.parametrize(
    "change",
    [
        encoded_again,
        lambda image: image.resize((1060, 795)),
        lambda image: ImageEnhance.Brightness(image).enhance(1.15),
        lambda image: ImageEnhance.Brightness(image).enhance(0.8),
        lambda image: cropped(image, 0.03),
    ],
)
def test_almost_the_same_photo_is_a_twin(seed, change):
    assert codes_of_second(scene(seed), change(scene(seed))) == ["twin"]


def test_different_photos_are_no_twins():
    notes = notes_of(taken(*(scene(seed) for seed in range(1, 21))), Subject.PRODUCT)
    assert not any(note.code == "twin" for of_one in notes.values() for note in of_one)


def test_pictures_of_one_colour_are_no_twins():
    assert codes_of_second(*(Image.new("RGB", (900, 900), name) for name in ("tan", "pink"))) == []


def test_measures_come_with_a_photo_that_is_taken_in():
    image = scene(1)
    stored = normalise(io.BytesIO(encoded(image, "JPEG", quality=95).getvalue()))
    taken_in, beforehand = read(stored.measures), read(measure(image))
    assert abs(taken_in.sharpness - beforehand.sharpness) < 0.1
    assert (taken_in.hash ^ beforehand.hash).bit_count() <= 2


@looks_for_faces
def test_the_smallest_photo_has_room_for_the_detector():
    """A worker may take little for a small photo; the detector would end it where that is short."""
    stored = normalise(encoded(portrait(1, 0.5, side=400), "JPEG", quality=90))
    assert len(stored.measures["faces"]) == 1


def test_a_photo_is_kept_where_it_cannot_be_measured(monkeypatch):
    from models_app.decoding import pixels
    from models_app.decoding.task import Task

    def failing(image: Image.Image) -> dict:
        raise MemoryError

    monkeypatch.setattr(pixels, "measure", failing)
    task = Task("JPEG", "JPEG", 10**7, 0, 0, 4096, 2048, 512, 0, 0, 0)
    photo = pixels.normalise(encoded(scene(1), "JPEG"), task)
    assert (photo.width, photo.measures) == (1200, None)


def test_without_the_detector_nothing_is_said_of_faces(monkeypatch):
    monkeypatch.setattr(faces, "load", lambda: None)
    assert measure(scene(1))["faces"] is None
    assert codes(scene(1), Subject.PERSON) == []
