"""Cropping a photo in the wizard: by a script, and on the page without one."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings as hypothesis_settings, strategies as st

from models_app import cropping
from models_app.crops import Box, check_box
from models_app.models import TrainingImage, UserModel
from models_app.services import add_photo
from tests.dashboard.wizard_drafts import address, draft, photo as upload
from tests.factories import TrainingImageFactory, UserModelFactory

JSON = {"Accept": "application/json"}
SQUARE = {"left": "40", "top": "0", "width": "480", "height": "480"}


def crop_address(photo: TrainingImage) -> str:
    return reverse("dashboard:photo_crop", args=[photo.pk])


@pytest.fixture
def photo(owner) -> TrainingImage:
    """A photo of 640 by 480 pixels in a draft."""
    return add_photo(draft(owner), upload=upload("beach.jpg"))


def test_a_script_gets_the_new_card_with_another_address_of_the_thumbnail(owner_client, photo):
    page = owner_client.get(address(photo.model, "photos")).content.decode()
    reply = owner_client.post(crop_address(photo), SQUARE, headers=JSON)
    assert reply.status_code == 200
    photo.refresh_from_db()
    assert photo.crop == {"left": 40, "top": 0, "width": 480, "height": 480}
    card = reply.json()["card"]
    assert f'id="photo-{photo.pk}"' in card and "480 × 480" in card
    image = card.split('<img src="')[1].split('"')[0]
    assert image not in page
    assert image in owner_client.get(address(photo.model, "photos")).content.decode()


def test_the_thumbnail_and_what_is_trained_on_show_the_crop(owner_client, photo):
    owner_client.post(crop_address(photo), SQUARE)
    photo.refresh_from_db()
    for size, name in (("thumbnail", photo.thumbnail.name), ("trained", photo.cropped.name)):
        response = owner_client.get(reverse("dashboard:photo_file", args=[photo.pk, size]))
        assert response["ETag"] == f'"{name.rpartition("/")[2]}"'
        with photo.file.storage.open(name) as stored:
            assert b"".join(response) == stored.read()
    whole = owner_client.head(reverse("dashboard:photo_file", args=[photo.pk, "full"]))
    assert whole["Content-Length"] == str(photo.size)


def test_without_a_script_numbers_and_presets_do(owner_client, photo):
    page = owner_client.get(crop_address(photo)).content.decode()
    assert 'name="left"' in page and 'value="640"' in page and "Square, left" in page
    response = owner_client.post(crop_address(photo), SQUARE)
    assert response["Location"] == f"{address(photo.model, 'photos')}#photo-{photo.pk}"
    assert TrainingImage.objects.get().box == Box(40, 0, 480, 480)
    owner_client.post(crop_address(photo), {"preset": "end"})
    assert TrainingImage.objects.get().box == Box(160, 0, 480, 480)
    owner_client.post(crop_address(photo), {"preset": "whole"})
    assert TrainingImage.objects.get().crop is None


def test_the_button_that_opens_the_page_keeps_what_is_typed(owner_client, photo):
    data = {"open": "crop", f"caption-{photo.pk}": "at the beach"}
    assert owner_client.post(crop_address(photo), data)["Location"] == crop_address(photo)
    photo.refresh_from_db()
    assert photo.caption == "at the beach" and photo.crop is None


def test_a_crop_of_another_tab_is_asked_about_and_not_undone(owner_client, photo):
    """A script gets both in words; the page without scripts shows them beside its buttons."""
    whole, there = {"was-crop": "0,0,640,480"}, Box(40, 0, 480, 480)
    owner_client.post(crop_address(photo), SQUARE | whole)
    for sent in (SQUARE | {"left": "0"}, {"preset": "start"}):
        reply = owner_client.post(crop_address(photo), sent | whole, headers=JSON)
        assert reply.status_code == 409
        assert reply.json()["clash"]["other"] == there.as_json()
        assert "480 × 480 pixels, 40 from the left" in reply.json()["clash"]["html"]
        page = owner_client.post(crop_address(photo), sent | whole)
        assert page.status_code == 409
        assert 'name="left" inputmode="numeric" value="0"' in (page.content.decode())
        assert TrainingImage.objects.get().box == there


def test_a_crop_of_another_tab_that_comes_first_by_a_moment_is_asked_about_too(
    owner_client, photo, monkeypatch
):
    write = cropping.photo_files.write

    def and_crop(files):
        monkeypatch.undo()
        cropping.crop_photo(TrainingImage.objects.get(), Box(40, 0, 480, 480))
        write(files)

    monkeypatch.setattr(cropping.photo_files, "write", and_crop)
    mine = SQUARE | {"left": "0", "was-crop": "0,0,640,480"}
    reply = owner_client.post(crop_address(photo), mine, headers=JSON)
    assert reply.status_code == 409
    assert reply.json()["clash"]["other"] == Box(40, 0, 480, 480).as_json()
    assert TrainingImage.objects.get().box == Box(40, 0, 480, 480)


@pytest.mark.parametrize(("choice", "left"), [("mine", 0), ("other", 40)])
def test_who_decides_about_a_crop_gets_it(owner_client, photo, choice, left):
    owner_client.post(crop_address(photo), SQUARE)
    decided = {"was-crop": "0,0,640,480", "other-crop": "40,0,480,480", "decide": f"{choice}:crop"}
    response = owner_client.post(crop_address(photo), SQUARE | {"left": "0"} | decided)
    assert response.status_code == 302
    assert TrainingImage.objects.get().box == Box(left, 0, 480, 480)


def test_a_refused_box_is_explained_and_what_was_typed_stays(owner_client, photo):
    response = owner_client.post(crop_address(photo), SQUARE | {"left": "300"})
    assert response.status_code == 422
    assert "reaches beyond the photo" in response.content.decode()
    assert 'value="300"' in response.content.decode()
    reply = owner_client.post(crop_address(photo), SQUARE | {"width": "20"}, headers=JSON)
    assert reply.status_code == 422 and "at least 256" in reply.json()["message"]
    assert TrainingImage.objects.get().crop is None


@hypothesis_settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.dictionaries(st.sampled_from([*SQUARE, "preset"]), st.text() | st.integers().map(str)))
def test_whatever_is_sent_is_refused_in_words_or_a_crop(owner_client, photo, data):
    storable = {name: text.encode(errors="ignore").decode() for name, text in data.items()}
    reply = owner_client.post(crop_address(photo), storable, headers=JSON)
    assert reply.status_code in {200, 400, 422}
    if reply.status_code == 422:
        assert reply.json()["message"]
    stored = TrainingImage.objects.get()
    check_box(stored.box, stored.width, stored.height)


@pytest.mark.parametrize("size", ["too small", "large enough"])
def test_a_small_crop_is_said_to_show_less(owner_client, owner, size):
    pixels = 1023 if size == "too small" else 1024
    photo = TrainingImageFactory(model=draft(owner))
    TrainingImage.objects.update(width=pixels, height=1500)
    page = owner_client.get(crop_address(photo)).content.decode()
    assert ("data-warning hidden" in page) == (size == "large enough")


def test_a_stranger_sees_and_crops_nothing(stranger_client, photo):
    assert stranger_client.get(crop_address(photo)).status_code == 404
    for headers in ({}, JSON):
        reply = stranger_client.post(crop_address(photo), SQUARE, headers=headers)
        assert reply.status_code == 404
    trained = reverse("dashboard:photo_file", args=[photo.pk, "trained"])
    assert stranger_client.get(trained).status_code == 404
    assert TrainingImage.objects.get().crop is None


def test_nobody_signed_in_is_sent_to_sign_in(anonymous_client, photo):
    assert "/accounts/login/" in anonymous_client.get(crop_address(photo))["Location"]
    assert "/accounts/login/" in anonymous_client.post(crop_address(photo), SQUARE)["Location"]
    reply = anonymous_client.post(crop_address(photo), SQUARE, headers=JSON)
    assert reply.status_code == 401 and "signed out" in reply.json()["message"]
    assert TrainingImage.objects.get().crop is None


def test_what_is_being_trained_cannot_be_cropped(owner_client, photo):
    UserModel.objects.update(status="training", started_at=timezone.now())
    reply = owner_client.post(crop_address(photo), SQUARE, headers=JSON)
    assert reply.status_code == 409
    page = owner_client.get(crop_address(photo), follow=True)
    assert b"already training" in page.content
    assert TrainingImage.objects.get().crop is None


def test_a_failed_model_can_be_cropped_for_the_next_try(owner, owner_client):
    photo = add_photo(UserModelFactory(owner=owner, failed=True), upload=upload())
    assert owner_client.post(crop_address(photo), SQUARE, headers=JSON).status_code == 200


def test_covers_of_cards_have_the_address_of_the_crop(owner_client, photo):
    before = owner_client.get(reverse("dashboard:models")).content.decode()
    owner_client.post(crop_address(photo), SQUARE)
    after = owner_client.get(reverse("dashboard:models")).content.decode()
    cover = f"/dashboard/photos/{photo.pk}/thumbnail?v="
    assert before.split(cover)[1][:8] != after.split(cover)[1][:8]


def test_a_persons_archive_has_the_box_and_the_crop(owner_client, photo):
    owner_client.post(crop_address(photo), SQUARE)
    photo.refresh_from_db()
    data = b"".join(owner_client.get(reverse("dashboard:data_export")))
    with zipfile.ZipFile(io.BytesIO(data)) as members:
        names = {name.rpartition("/")[2]: name for name in members.namelist()}
        about = json.loads(members.read(names["model.json"]))
        with photo.cropped.open() as stored:
            cropped = names[photo.cropped.name.rpartition("/")[2]]
            assert members.read(cropped) == stored.read()
    assert about["photos"][0]["crop"] == photo.crop


def test_the_admin_says_what_is_trained_on(operator_client, owner_client, photo):
    page = reverse("admin:models_app_usermodel_change", args=[photo.model_id])
    assert "all of it" in operator_client.get(page).content.decode()
    owner_client.post(crop_address(photo), SQUARE)
    rows = reverse("admin:models_app_trainingimage_changelist")
    one = reverse("admin:models_app_trainingimage_change", args=[photo.pk])
    for shown in (page, rows):
        assert "480 × 480 from 40, 0" in operator_client.get(shown).content.decode()
    assert operator_client.get(one).status_code == 200
