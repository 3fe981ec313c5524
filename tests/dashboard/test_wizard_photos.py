"""Photos in the wizard: with the uploader, with htmx, and with plain forms."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from models_app.limits import LIMITS
from models_app.models import TrainingImage
from tests.dashboard.wizard_drafts import address, draft, photo, upload_address
from tests.factories import TrainingImageFactory, UserModelFactory
from tests.models_app import photographs

JSON = {"Accept": "application/json"}
HTMX = {"HX-Request": "true"}
BROKEN = b"this is no photo at all"


def send(client, model, *uploads, **kwargs):
    return client.post(upload_address(model), {"photos": list(uploads)}, **kwargs)


def names_of(model) -> list[str]:
    return [photo.original_filename for photo in model.photos.all()]


def test_the_uploader_gets_the_card_and_the_new_count(owner, owner_client):
    model = draft(owner, photos=3)
    reply = send(owner_client, model, photo("from-the-phone.JPG"), headers=JSON)
    assert reply.status_code == 201
    stored = model.photos.get(original_filename="from-the-phone.JPG")
    assert f'id="photo-{stored.pk}"' in reply.json()["card"]
    assert "4 photos" in reply.json()["advice"]


def test_the_card_says_what_was_done_to_the_photo(owner, owner_client):
    model = draft(owner, photos=3)
    turned = photographs.encoded(photographs.quarters(), exif=photographs.exif(6)).getvalue()
    upload = SimpleUploadedFile("IMG_1.JPG", turned, "image/jpeg")
    reply = send(owner_client, model, upload, headers=JSON).json()
    assert reply["changes"] == ["turned", "location", "details"]
    assert reply["changes_text"] == "Turned upright, location removed, camera details removed"
    assert reply["changes_text"] in reply["card"]
    assert reply["changes_text"] in owner_client.get(address(model, "photos")).content.decode()


def test_the_picker_offers_what_the_limits_take(owner, owner_client):
    page = owner_client.get(address(draft(owner), "photos")).content.decode()
    assert f'accept="{LIMITS.accept}"' in page
    assert "image/heic" in LIMITS.accept and ".heif" in LIMITS.accept and ".tif" in LIMITS.accept
    assert "JPEG, HEIC, AVIF, PNG, WebP, TIFF or BMP" in page


def test_a_bad_file_gets_a_reason_and_is_not_stored(owner, owner_client):
    model = draft(owner)
    bad = SimpleUploadedFile("note.jpg", BROKEN, "image/jpeg")
    reply = send(owner_client, model, bad, headers=JSON)
    assert reply.status_code == 422
    assert reply.json()["message"]
    assert not model.photos.exists()


def test_the_same_file_again_is_refused_by_name(owner, owner_client):
    model = draft(owner)
    send(owner_client, model, photo("IMG_1.JPG"), headers=JSON)
    reply = send(owner_client, model, photo("copy.jpg"), headers=JSON)
    assert reply.status_code == 422
    assert reply.json()["code"] == "duplicate"
    assert "IMG_1.JPG" in reply.json()["message"]
    assert model.photos.count() == 1


def test_a_photo_sent_again_after_a_lost_answer_comes_with_the_card_of_the_stored_one(
    owner, owner_client
):
    model = draft(owner)
    send(owner_client, model, photo("IMG_1.JPG"), headers=JSON)
    reply = send(owner_client, model, photo("IMG_1.JPG"), headers=JSON)
    stored = model.photos.get()
    assert reply.status_code == 422
    assert reply.json()["id"] == str(stored.pk)
    assert f'id="photo-{stored.pk}"' in reply.json()["card"]
    assert reply.json()["count"] == 1


def test_one_too_many_is_refused(owner, owner_client):
    model = draft(owner, photos=LIMITS.max_photos)
    reply = send(owner_client, model, photo(), headers=JSON)
    assert reply.status_code == 422
    assert str(LIMITS.max_photos) in reply.json()["message"]
    assert model.photos.count() == LIMITS.max_photos


def test_an_oversized_file_is_refused(owner, owner_client, monkeypatch):
    monkeypatch.setattr("models_app.ingest.LIMITS", replace(LIMITS, max_bytes=100))
    model = draft(owner)
    reply = send(owner_client, model, photo(), headers=JSON)
    assert reply.status_code == 422
    assert reply.json()["code"] == "too_many_bytes"
    assert not model.photos.exists()


def test_without_a_script_the_good_ones_stay_and_the_bad_ones_are_explained(owner, owner_client):
    model = draft(owner)
    bad = SimpleUploadedFile("note.txt", BROKEN, "text/plain")
    response = send(owner_client, model, photo("a.jpg", "red"), bad, photo("b.jpg", "blue"))
    assert response["Location"] == address(model, "photos")
    assert names_of(model) == ["a.jpg", "b.jpg"]
    assert b"note.txt:" in owner_client.get(response["Location"]).content


def test_without_a_script_choosing_nothing_is_no_error_page(owner, owner_client):
    model = draft(owner)
    response = owner_client.post(upload_address(model), follow=True)
    assert b"Choose some photos first." in response.content


def test_the_uploader_sends_one_photo_at_a_time(owner, owner_client):
    model = draft(owner)
    reply = send(owner_client, model, photo("a.jpg"), photo("b.jpg", "red"), headers=JSON)
    assert reply.status_code == 400
    assert not model.photos.exists()


@pytest.mark.parametrize("headers", [{}, JSON])
def test_a_stranger_adds_nothing(owner, stranger_client, headers):
    model = draft(owner)
    assert send(stranger_client, model, photo(), headers=headers).status_code == 404
    assert not model.photos.exists()


def test_a_signed_out_uploader_is_told_so(owner, anonymous_client):
    model = draft(owner)
    reply = send(anonymous_client, model, photo(), headers=JSON)
    assert reply.status_code == 401
    assert reply.json()["address"].startswith("/accounts/login/")
    assert not model.photos.exists()


def test_a_signed_out_plain_form_leads_to_signing_in_and_back(owner, anonymous_client):
    model = draft(owner)
    page = address(model, "photos")
    response = send(
        anonymous_client, model, photo(), headers={"Referer": f"http://testserver{page}"}
    )
    assert response["Location"] == f"/accounts/login/?next={page}"


@pytest.mark.parametrize("referer", ["https://evil.example/", "http://testserver//evil.example"])
def test_signing_in_never_leads_elsewhere(owner, anonymous_client, referer):
    response = send(anonymous_client, draft(owner), photo(), headers={"Referer": referer})
    assert response["Location"] == "/accounts/login/?next=/dashboard/models"


@pytest.mark.parametrize("trait", ["training", "ready"])
def test_a_started_model_takes_no_more_photos(owner, owner_client, trait):
    model = UserModelFactory(owner=owner, **{trait: True})
    reply = send(owner_client, model, photo(), headers=JSON)
    assert reply.status_code == 409
    assert not model.photos.exists()


def test_a_photo_is_removed(owner, owner_client):
    model = draft(owner, photos=2)
    gone, kept = model.photos.all()
    response = owner_client.post(reverse("dashboard:photo_remove", args=[gone.pk]))
    assert response["Location"] == address(model, "photos")
    assert list(model.photos.all()) == [kept]


def test_htmx_gets_the_grid_and_the_advice(owner, owner_client):
    model = draft(owner, photos=5)
    gone = model.photos.first()
    url = reverse("dashboard:photo_remove", args=[gone.pk])
    response = owner_client.post(url, headers=HTMX)
    page = response.content.decode()
    assert str(gone.pk) not in page
    assert page.count('class="photo-card"') == 4
    assert 'hx-swap-oob="true"' in page
    assert "4 photos" in page


@pytest.mark.parametrize(("direction", "expected"), [("earlier", [1, 0, 2]), ("later", [0, 2, 1])])
def test_a_photo_is_moved(owner, owner_client, direction, expected):
    model = draft(owner, photos=3)
    before = list(model.photos.all())
    url = reverse("dashboard:photo_move", args=[before[1].pk])
    owner_client.post(url, {"direction": direction})
    assert list(model.photos.all()) == [before[at] for at in expected]


def test_a_caption_is_saved(owner, owner_client):
    one = draft(owner, photos=1).photos.get()
    url = reverse("dashboard:photo_caption", args=[one.pk])
    assert owner_client.post(url, {"caption": "in the garden"}).json()["caption"] == "in the garden"
    one.refresh_from_db()
    assert one.caption == "in the garden"


@pytest.mark.parametrize("button", ["go", "remove", "move"])
def test_every_button_saves_the_captions(owner, owner_client, button):
    model = draft(owner, photos=5)
    typed, other = model.photos.all()[:2]
    addresses = {
        "go": address(model, "photos"),
        "remove": reverse("dashboard:photo_remove", args=[other.pk]),
        "move": reverse("dashboard:photo_move", args=[other.pk]),
    }
    sent = {f"caption-{typed.pk}": "in the garden", "go": "back", "direction": "later"}
    owner_client.post(addresses[button], sent)
    typed.refresh_from_db()
    assert typed.caption == "in the garden"


@pytest.mark.parametrize("name", ["photo_remove", "photo_move", "photo_caption"])
def test_a_stranger_touches_no_photo(owner, stranger_client, name):
    one = draft(owner, photos=1).photos.get()
    response = stranger_client.post(reverse(f"dashboard:{name}", args=[one.pk]), {"caption": "x"})
    assert response.status_code == 404
    one.refresh_from_db()
    assert one.caption == ""


@pytest.mark.parametrize("name", ["photo_remove", "photo_move", "photo_caption"])
def test_a_signed_out_page_is_sent_to_sign_in_as_a_whole(owner, anonymous_client, name):
    one = draft(owner, photos=1).photos.get()
    response = anonymous_client.post(reverse(f"dashboard:{name}", args=[one.pk]), headers=HTMX)
    # htmx would put a redirected login page into the grid; this header moves the whole page.
    assert response["HX-Redirect"].startswith("/accounts/login/")
    assert TrainingImage.objects.filter(pk=one.pk).exists()


@pytest.mark.parametrize("name", ["photo_remove", "photo_move"])
def test_an_action_refuses_get(owner, owner_client, name):
    one = draft(owner, photos=1).photos.get()
    assert owner_client.get(reverse(f"dashboard:{name}", args=[one.pk])).status_code == 405


def test_photos_of_a_started_model_stay(owner, owner_client):
    model = UserModelFactory(owner=owner, training=True)
    one = TrainingImageFactory(model=model)
    owner_client.post(reverse("dashboard:photo_remove", args=[one.pk]))
    assert list(model.photos.all()) == [one]


@pytest.mark.parametrize(
    ("count", "sentence"),
    [(0, "No photos yet"), (3, "Add 1 more photo."), (4, "Just enough."), (7, "A good start.")],
)
def test_the_advice_depends_on_the_number_of_photos(owner, owner_client, count, sentence):
    page = owner_client.get(address(draft(owner, photos=count), "photos")).content.decode()
    assert sentence in page


def test_continue_needs_enough_photos(owner, owner_client):
    model = draft(owner, photos=2)
    response = owner_client.post(address(model, "photos"), {"go": "next"})
    assert response.status_code == 422
    assert b"Add 2 more photos." in response.content
    assert owner_client.post(address(model, "photos"), {"go": "back"}).status_code == 302


def test_a_photo_that_did_not_arrive_is_said_not_to_have(owner, owner_client):
    """A name in Latin-1, as some programs write it, makes the part unreadable."""
    part = 'Content-Disposition: form-data; name=photos; filename="café.jpg"'.encode("latin1")
    reply = owner_client.post(
        upload_address(draft(owner)),
        b"--b\r\n" + part + b"\r\n\r\nphoto\r\n--b--\r\n",
        content_type="multipart/form-data; boundary=b",
        headers=JSON,
    )
    assert (reply.status_code, reply.json()["message"].split(".")[0]) == (400, "No photo arrived")
