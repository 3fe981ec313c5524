"""Archives on the photos step: with the uploader and with plain forms."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from models_app.models import UserModel
from tests.dashboard.test_wizard_photos import BROKEN, JSON, names_of, send
from tests.dashboard.wizard_drafts import address, draft, photo, upload_address
from tests.factories import UserModelFactory, jpeg
from tests.models_app.zips import Raw, archive, by_hand

COLOURS = ("red", "gold", "blue", "teal", "navy")


def zipped(name: str = "holiday.zip", *more: tuple[str, bytes]) -> SimpleUploadedFile:
    members = [(f"{colour}.jpg", jpeg(colour=colour)) for colour in COLOURS]
    data = archive(*members, *more, packed=True)
    return SimpleUploadedFile(name, data, "application/zip")


def lines(response) -> list[dict]:
    return [json.loads(line) for line in b"".join(response.streaming_content).splitlines()]


def upload(client, model, sent) -> list[dict]:
    response = send(client, model, sent, headers=JSON)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/x-ndjson"
    return lines(response)


def test_the_uploader_is_told_of_each_file_in_an_archive(owner, owner_client):
    model = draft(owner)
    bad = (("note.jpg", BROKEN), ("red.txt", b"a mug"), ("Thumbs.db", b"x"))
    first, *told, last = upload(owner_client, model, zipped("holiday.zip", *bad))
    assert first == {"total": 7}
    assert [(one["name"], one["state"]) for one in told] == [
        *((f"{colour}.jpg", "stored") for colour in COLOURS),
        ("note.jpg", "refused"),
        ("Thumbs.db", "skipped"),
    ]
    assert last == {"done": True}
    assert names_of(model) == [f"{colour}.jpg" for colour in COLOURS]
    assert model.photos.first().caption == "a mug"


@pytest.mark.parametrize("name", [b"", b".", b"./", b"\x01", "\u202e".encode()])
def test_a_photo_without_a_name_does_not_cost_those_after_it(owner, owner_client, name):
    model = draft(owner)
    members = Raw(name=name, data=jpeg(colour="red")), Raw(data=jpeg(colour="navy"))
    sent = SimpleUploadedFile("a.zip", by_hand(*members), "application/zip")
    _, *told, last = upload(owner_client, model, sent)
    assert [one["state"] for one in told] == ["stored", "stored"]
    assert last == {"done": True}
    assert names_of(model) == ["", "a.jpg"]


def test_each_stored_photo_comes_with_its_card_and_the_new_count(owner, owner_client):
    model = draft(owner)
    _, *told, _ = upload(owner_client, model, zipped())
    for count, (one, stored) in enumerate(zip(told, model.photos.all(), strict=True), start=1):
        assert f'id="photo-{stored.pk}"' in one["card"]
        assert one["count"] == count
    assert "5 photos" in told[-1]["advice"]


def test_each_file_is_told_of_before_the_next_is_opened(owner, owner_client):
    model = draft(owner)
    answer = iter(send(owner_client, model, zipped(), headers=JSON).streaming_content)
    next(answer)
    for count in range(1, len(COLOURS) + 1):
        assert json.loads(next(answer))["state"] == "stored"
        assert model.photos.count() == count


def test_an_archive_sent_again_after_a_lost_answer_brings_the_cards(owner, owner_client):
    model = draft(owner)
    upload(owner_client, model, zipped())
    _, *told, _ = upload(owner_client, model, zipped())
    assert {one["state"] for one in told} == {"refused"}
    assert [one["id"] for one in told] == [str(photo.pk) for photo in model.photos.all()]


def test_what_it_is_called_makes_no_archive(owner, owner_client):
    model = draft(owner)
    assert len(upload(owner_client, model, zipped("IMG_1.jpg"))) == 7
    reply = send(owner_client, draft(owner), photo("a.zip"), headers=JSON)
    assert reply.status_code == 201


def test_a_broken_archive_gets_a_reason(owner, owner_client):
    broken = SimpleUploadedFile("a.zip", zipped().read()[:-5], "application/zip")
    reply = send(owner_client, draft(owner), broken, headers=JSON)
    assert (reply.status_code, reply.json()["code"]) == (422, "archive_damaged")


def test_a_training_that_starts_meanwhile_ends_the_answer_with_a_sentence(owner, owner_client):
    model = draft(owner)
    answer = iter(send(owner_client, model, zipped(), headers=JSON).streaming_content)
    assert [json.loads(next(answer)).get("state") for _ in range(2)] == [None, "stored"]
    UserModel.objects.filter(pk=model.pk).update(status="training")
    (last,) = map(json.loads, answer)
    assert last["done"] and "cannot be changed" in last["message"]
    assert model.photos.count() == 1


def test_a_photo_comes_with_its_caption(owner, owner_client):
    model = draft(owner)
    caption = SimpleUploadedFile("IMG_1.txt", "ein Café".encode("cp1252"), "text/plain")
    data = {"photos": photo(), "caption": caption}
    assert owner_client.post(upload_address(model), data, headers=JSON).status_code == 201
    assert model.photos.get().caption == "ein Café"


def test_without_a_script_an_archive_is_taken_in_and_accounted_for(owner, owner_client):
    model = draft(owner)
    sent = zipped("holiday.zip", ("note.jpg", BROKEN), ("__MACOSX/._a.jpg", b"x"))
    response = send(owner_client, model, sent)
    assert response["Location"] == address(model, "photos")
    page = owner_client.get(response["Location"]).content.decode()
    assert "note.jpg: This is not a photo" in page
    assert "holiday.zip: 5 of 6 files taken. Skipped, because these are no photos" in page
    assert model.photos.count() == 5


def test_without_a_script_captions_and_archives_may_be_among_the_files(owner, owner_client):
    model = draft(owner)
    caption = SimpleUploadedFile("img_1.txt", b"a mug", "text/plain")
    broken = SimpleUploadedFile("b.zip", b"PK\x03\x04", "application/zip")
    response = send(owner_client, model, caption, photo("IMG_1.JPG", "pink"), broken, zipped())
    assert [one.caption for one in model.photos.all()] == ["a mug", "", "", "", "", ""]
    page = owner_client.get(response["Location"]).content.decode()
    assert "b.zip: This ZIP is damaged" in page
    assert "img_1.txt" not in page


def test_a_thousand_reasons_do_not_fill_the_page(owner, owner_client):
    model = draft(owner)
    many = SimpleUploadedFile("a.zip", archive(*((f"{at}.jpg", BROKEN) for at in range(1000))))
    page = owner_client.get(send(owner_client, model, many)["Location"]).content.decode()
    assert page.count("This is not a photo") == 60
    assert "940 more files were refused." in page


@pytest.mark.parametrize("headers", [{}, JSON])
def test_a_stranger_adds_no_archive(owner, stranger_client, headers):
    model = draft(owner)
    assert send(stranger_client, model, zipped(), headers=headers).status_code == 404
    assert not model.photos.exists()


def test_a_signed_out_archive_is_not_opened(owner, anonymous_client):
    model = draft(owner)
    assert send(anonymous_client, model, zipped(), headers=JSON).status_code == 401
    assert not model.photos.exists()


def test_a_started_model_takes_no_archive(owner, owner_client):
    model = UserModelFactory(owner=owner, training=True)
    assert send(owner_client, model, zipped(), headers=JSON).status_code == 409
    assert not model.photos.exists()


def test_each_photo_of_an_archive_costs_the_same_queries(owner, owner_client):
    model = draft(owner, photos=3)
    answer = iter(send(owner_client, model, zipped(), headers=JSON).streaming_content)
    next(answer)
    counts = []
    for _ in COLOURS:
        with CaptureQueriesContext(connection) as queries:
            next(answer)
        counts.append(len(queries))
    assert len(set(counts)) == 1, counts
    assert counts[0] <= 20
