"""The coach on the photos step: the score, the notes, and that all of it is advice."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from models_app.coach.backlog import measure_some
from models_app.coach.measuring import measure
from models_app.cropping import crop_photo
from models_app.crops import Box
from models_app.models import TrainingImage
from tests.dashboard.wizard_drafts import address, draft, upload_address
from tests.factories import TrainingImageFactory
from tests.models_app.coach_photos import blurred, draw_head, portrait, scene
from tests.models_app.photographs import encoded

JSON = {"Accept": "application/json"}


def measured(model, *images) -> list[TrainingImage]:
    """Photos with the measures and the size of these; their files are others."""
    photos = []
    for at, image in enumerate(images):
        name = f"IMG_{at}.jpg"
        photo = TrainingImageFactory(model=model, measures=measure(image), original_filename=name)
        row = TrainingImage.objects.filter(pk=photo.pk)
        row.update(width=image.width, height=image.height)
        photos.append(row.get())
    return photos


def page(client, model) -> str:
    return client.get(address(model, "photos")).content.decode()


def advice_address(model) -> str:
    return reverse("dashboard:photo_advice", args=[model.pk])


def upload(client, model, image, name="IMG_9.jpg") -> dict:
    photo = SimpleUploadedFile(name, encoded(image, "JPEG", quality=92).getvalue(), "image/jpeg")
    return client.post(upload_address(model), {"photos": photo}, headers=JSON).json()


def test_an_uploaded_photo_comes_with_its_notes_and_the_new_advice(owner, owner_client):
    model = draft(owner, kind="product")
    reply = upload(owner_client, model, blurred(scene(1)))
    assert "Blurred. A sharp one teaches more." in reply["card"]
    assert "1 photo is blurred" in reply["advice"]
    assert "1 photo is blurred" in page(owner_client, model)


def test_a_twin_names_the_photo_that_was_there_before(owner, owner_client):
    model = draft(owner, kind="product")
    upload(owner_client, model, scene(1), "first.jpg")
    reply = upload(owner_client, model, scene(1).resize((1100, 825)), "second.jpg")
    assert "Almost the same as" in reply["card"] and "first.jpg" in reply["card"]
    assert "1 photo is almost a copy" in reply["advice"]


def test_another_subject_changes_the_advice_without_measuring_again(owner, owner_client):
    model = draft(owner, kind="style", consent_at=timezone.now())
    photos = measured(model, scene(1), scene(2))
    assert "without a face" not in page(owner_client, model)
    stored = photos[0].measures
    model.kind = "person"
    model.save()
    assert "2 photos without a face" in page(owner_client, model)
    photos[0].refresh_from_db()
    assert photos[0].measures == stored


def test_the_score_is_shown_with_how_it_comes_about(owner, owner_client):
    model = draft(owner, kind="product")
    measured(model, *(scene(seed) for seed in range(1, 6)))
    text = page(owner_client, model)
    assert "3 of 4 points" in text and "Good set" in text
    assert 'Enough photos</span><span class="visually-hidden">: not yet.' in text


def test_before_photos_the_list_says_what_will_be_ticked(owner, owner_client):
    """One list: later it says what was found, and no tip twice."""
    model = draft(owner, kind="product")
    empty = page(owner_client, model)
    assert "What makes a good set" in empty and "Aim for 5 to 20 photos." in empty
    assert empty.count("not known yet") == 4
    assert "Not the same view twice." in empty
    measured(model, *(scene(seed) for seed in range(1, 6)))
    text = page(owner_client, model)
    assert "Not the same view twice." not in text and "No two are alike." in text
    assert "What makes a good set" not in text


@pytest.mark.parametrize("kind", ["person", "product", "style"])
def test_the_list_has_the_same_points_whatever_is_found(owner, owner_client, kind):
    model = draft(owner, kind=kind, consent_at=timezone.now())
    before = page(owner_client, model).count('class="coach-point"')
    measured(model, *(blurred(scene(1)) for _ in range(3)))
    after = page(owner_client, model)
    assert after.count('class="coach-point"') == before
    assert "3 photos are blurred" in after


def test_what_is_missing_is_said(owner, owner_client):
    model = draft(owner, kind="person", consent_at=timezone.now())
    measured(model, *(portrait(seed, 0.2) for seed in range(1, 6)))
    assert "Add 2 from the side." in page(owner_client, model)


def test_no_advice_stands_in_the_way_of_going_on(owner, owner_client):
    model = draft(owner, kind="person", consent_at=timezone.now())
    measured(model, *(blurred(scene(1), 9) for _ in range(4)))
    response = owner_client.post(address(model, "photos"), {"go": "next"})
    assert response["Location"] == address(model, "training")


def test_a_page_with_photos_from_before_asks_until_they_are_measured(owner, owner_client):
    model = draft(owner, photos=2)
    assert advice_address(model) in page(owner_client, model)
    waiting = owner_client.get(advice_address(model))
    assert (waiting.status_code, b"still being checked" in waiting.content) == (200, True)
    measure_some()
    done = owner_client.get(advice_address(model))
    assert (done.status_code, b"still being checked" in done.content) == (286, False)
    assert done.content.count(b'hx-swap-oob="true"') == 2
    assert advice_address(model) not in page(owner_client, model)


def test_looking_measures_nothing(owner, owner_client):
    model = draft(owner, photos=1)
    page(owner_client, model)
    owner_client.get(advice_address(model))
    assert model.photos.get().measures is None


def test_nobody_else_gets_the_advice(owner, stranger_client, anonymous_client):
    model = draft(owner, photos=1)
    assert stranger_client.get(advice_address(model)).status_code == 404
    assert anonymous_client.get(advice_address(model)).status_code == 302


@pytest.mark.parametrize("measures", [[], 7, {"version": 1, "faces": [None]}, {"version": "x"}])
def test_strange_measures_break_no_page(owner, owner_client, measures):
    model = draft(owner)
    TrainingImageFactory(model=model, measures=measures)
    assert "1 photo" in page(owner_client, model)


def test_a_crop_is_measured_anew_and_so_is_the_whole_photo_after_it(owner, owner_client):
    model = draft(owner, kind="person", consent_at=timezone.now())
    image = portrait(1, 0.3, side=1600)
    draw_head(image, 0.85, 0.45, 0.25)
    card = upload(owner_client, model, image)["card"]
    assert "Several faces" in card
    cropped = crop_photo(model.photos.get(), Box(200, 100, 900, 1200))
    assert "Several faces" not in page(owner_client, model)
    crop_photo(cropped, Box.whole(1600, 1600))
    assert "Several faces" in page(owner_client, model)
