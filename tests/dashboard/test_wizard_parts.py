"""Uploads in parts over HTTP: begun, gone on with at the right place, taken, and nobody else's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.conf import settings as site
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from models_app import storage_use
from models_app.models import PartialUpload
from tests.dashboard.wizard_drafts import draft
from tests.factories import jpeg
from tests.models_app.zips import archive

PHOTO = jpeg(colour="teal")
HALF = len(PHOTO) // 2
JSON = {"Accept": "application/json"}
PART = "application/partial-upload"


@pytest.fixture
def model(owner):
    return draft(owner, photos=2)


def begin(client: Client, model, length: int = len(PHOTO), name: str = "IMG_1.jpg", **fields):
    data = {"name": name, "length": length, "chosen": 7, "modified": 5} | fields
    return client.post(reverse("dashboard:photo_parts", args=[model.pk]), data, headers=JSON)


def send(client: Client, address: str, data: bytes, at: int, *, last: bool = False):
    headers = JSON | {"Upload-Offset": str(at), "Upload-Complete": "?1" if last else "?0"}
    # Named apart: the client leaves out the type of what is empty.
    return client.generic("PATCH", address, data, headers=headers, CONTENT_TYPE=PART)


def offset(client: Client, address: str) -> int:
    return int(client.head(address, headers=JSON)["Upload-Offset"])


def left_behind() -> list[Path]:
    return [path for path in Path(site.PARTIAL_DIR).rglob("*") if path.is_file()]


def test_a_photo_that_comes_in_two_parts_is_stored_like_any_other(owner, owner_client, model):
    reply = begin(owner_client, model)
    assert (reply.status_code, reply["Upload-Offset"], reply["Upload-Complete"]) == (201, "0", "?0")
    address = reply["Location"]
    first = send(owner_client, address, PHOTO[:HALF], 0)
    assert (first.status_code, first["Upload-Offset"]) == (204, str(HALF))
    last = send(owner_client, address, PHOTO[HALF:], HALF, last=True)
    assert last.status_code == 201
    stored = model.photos.get(chosen=7)
    assert f'id="photo-{stored.pk}"' in last.json()["card"]
    assert (stored.original_filename, last.json()["count"]) == ("IMG_1.jpg", 3)
    assert left_behind() == []
    assert storage_use.usage_of(owner).used == sum(photo.size for photo in model.photos.all())


@pytest.mark.parametrize("name", ["", ".", "..", "a/..", "\u202e"])
def test_a_file_without_a_name_is_taken_like_any_other(owner_client, model, name):
    """Some phones hand a picture over without one."""
    address = begin(owner_client, model, name=name)["Location"]
    assert send(owner_client, address, PHOTO, 0, last=True).status_code == 201
    assert model.photos.get(chosen=7).original_filename == ""
    assert left_behind() == []


def test_how_much_has_arrived_is_asked_without_changing_anything(owner_client, model):
    address = begin(owner_client, model)["Location"]
    send(owner_client, address, PHOTO[:HALF], 0)
    reply = owner_client.head(address)
    assert reply.status_code == 204
    assert reply["Upload-Offset"] == str(HALF)
    assert reply["Upload-Length"] == str(len(PHOTO))
    assert "no-store" in reply["Cache-Control"]


@pytest.mark.parametrize("at", [0, HALF - 1, HALF + 1, len(PHOTO)])
def test_a_part_that_begins_elsewhere_is_told_where(owner_client, model, at):
    address = begin(owner_client, model)["Location"]
    send(owner_client, address, PHOTO[:HALF], 0)
    reply = send(owner_client, address, PHOTO[at:], at, last=True)
    assert reply.status_code == 409
    assert reply["Content-Type"] == "application/problem+json"
    assert (reply["Upload-Offset"], reply.json()["expected-offset"]) == (str(HALF), HALF)
    assert offset(owner_client, address) == HALF


def test_begun_again_after_a_lost_answer_it_goes_on(owner_client, model):
    address = begin(owner_client, model)["Location"]
    send(owner_client, address, PHOTO[:HALF], 0)
    again = begin(owner_client, model)
    assert (again["Location"], again["Upload-Offset"]) == (address, str(HALF))


def test_a_lost_answer_to_the_last_part_is_asked_for_again(owner_client, model):
    address = begin(owner_client, model)["Location"]
    first = send(owner_client, address, PHOTO, 0, last=True).json()
    assert owner_client.head(address)["Upload-Complete"] == "?1"
    again = send(owner_client, address, b"", len(PHOTO), last=True)
    assert (again.status_code, again.json()["id"]) == (201, first["id"])
    assert model.photos.count() == 3


def test_a_last_part_that_was_cut_is_not_taken(owner_client, model):
    address = begin(owner_client, model)["Location"]
    reply = send(owner_client, address, PHOTO[:HALF], 0, last=True)
    assert (reply.status_code, reply["Upload-Offset"]) == (204, str(HALF))
    assert send(owner_client, address, PHOTO[HALF:], HALF, last=True).status_code == 201


def test_more_than_was_announced_is_refused(owner_client, model):
    address = begin(owner_client, model)["Location"]
    assert send(owner_client, address, PHOTO + b"more", 0, last=True).status_code == 400
    assert offset(owner_client, address) == 0


def test_what_is_no_photo_is_refused_with_the_reason_and_leaves_nothing(owner, owner_client, model):
    address = begin(owner_client, model, length=8)["Location"]
    reply = send(owner_client, address, b"no photo", 0, last=True)
    assert reply.status_code == 422
    assert "not a photo" in reply.json()["message"]
    assert not PartialUpload.objects.exists()
    assert left_behind() == []


def test_a_photo_that_is_there_already_comes_with_its_card(owner_client, model):
    for at, status in ((1, 201), (2, 422)):
        address = begin(owner_client, model, chosen=at)["Location"]
        reply = send(owner_client, address, PHOTO, 0, last=True)
        assert reply.status_code == status
    assert reply.json()["code"] == "duplicate" and "card" in reply.json()
    assert left_behind() == []


def test_while_many_photos_are_checked_nothing_is_lost(owner_client, model, monkeypatch):
    from models_app.refusals import refused

    def busy(*args, **kwargs):
        raise refused("busy")

    address = begin(owner_client, model)["Location"]
    with monkeypatch.context() as patch:
        patch.setattr("dashboard.wizard.partial_handlers.add_photo", busy)
        reply = send(owner_client, address, PHOTO, 0, last=True)
    assert (reply.status_code, reply.json()["code"]) == (422, "busy")
    assert send(owner_client, address, b"", len(PHOTO), last=True).status_code == 201


def test_the_order_is_the_person_s_whatever_arrives_first(owner_client, model):
    later = begin(owner_client, model, name="b.jpg", chosen=20)["Location"]
    send(owner_client, later, PHOTO, 0, last=True)
    other = jpeg(colour="red")
    earlier = begin(owner_client, model, name="a.jpg", chosen=10, length=len(other))["Location"]
    send(owner_client, earlier, other, 0, last=True)
    assert [photo.original_filename for photo in model.photos.all()][-2:] == ["a.jpg", "b.jpg"]


def test_the_caption_beside_a_photo_comes_along(owner_client, model):
    caption = SimpleUploadedFile("IMG_1.txt", "sie lächelt".encode())
    address = begin(owner_client, model, caption=caption)["Location"]
    send(owner_client, address, PHOTO, 0, last=True)
    assert model.photos.get(chosen=7).caption == "sie lächelt"


def test_an_archive_is_told_of_file_by_file(owner_client, model):
    data = archive(("a.jpg", PHOTO), ("b.jpg", b"no photo"))
    address = begin(owner_client, model, name="a.zip", length=len(data))["Location"]
    reply = send(owner_client, address, data, 0, last=True)
    told = [json.loads(line) for line in b"".join(reply.streaming_content).splitlines()]
    assert [line.get("state") for line in told] == [None, "stored", "refused", None]
    assert told[-1] == {"done": True}
    assert not PartialUpload.objects.exists()
    assert left_behind() == []


def test_given_up_nothing_is_left(owner_client, model):
    address = begin(owner_client, model)["Location"]
    send(owner_client, address, PHOTO[:HALF], 0)
    assert owner_client.delete(address).status_code == 204
    assert owner_client.head(address).status_code == 404
    assert left_behind() == []


def test_the_page_says_what_has_not_arrived_as_a_whole(owner_client, model):
    address = begin(owner_client, model)["Location"]
    send(owner_client, address, PHOTO[:HALF], 0)
    page = owner_client.get(reverse("dashboard:wizard", args=[model.pk, "photos"]))
    (one,) = json.loads(page.context["unfinished"])
    assert (one["address"], one["offset"], one["modified"]) == (address, HALF, 5)


@pytest.mark.parametrize("method", ["HEAD", "PATCH", "DELETE"])
def test_it_is_nobody_else_s(owner_client, stranger_client, anonymous_client, model, method):
    address = begin(owner_client, model)["Location"]
    for client, status in ((stranger_client, 404), (anonymous_client, 401)):
        headers = JSON | {"Upload-Offset": "0"}
        reply = client.generic(method, address, b"", content_type=PART, headers=headers)
        assert reply.status_code == status
    assert offset(owner_client, address) == 0


def test_nobody_else_begins_one(stranger_client, anonymous_client, model):
    assert begin(stranger_client, model).status_code == 404
    assert begin(anonymous_client, model).status_code == 401
    assert not PartialUpload.objects.exists()


def test_it_belongs_to_one_draft(owner, owner_client, model):
    address = begin(owner_client, model)["Location"]
    other = draft(owner)
    assert owner_client.head(address.replace(str(model.pk), str(other.pk))).status_code == 404


@pytest.mark.parametrize(
    "headers", [{}, {"Upload-Offset": "-1"}, {"Upload-Offset": "x"}, {"Upload-Offset": "9" * 30}]
)
def test_a_part_without_a_place_is_none(owner_client, model, headers):
    address = begin(owner_client, model)["Location"]
    reply = owner_client.generic("PATCH", address, b"a", content_type=PART, headers=headers)
    assert reply.status_code == 400


@pytest.mark.parametrize("length", ["", "x", "-1", "1" * 30])
def test_what_has_no_length_is_not_begun(owner_client, model, length):
    assert begin(owner_client, model, length=length).status_code == 400


def test_nothing_more_arrives_once_the_training_is_started(owner_client, model):
    address = begin(owner_client, model)["Location"]
    type(model).objects.filter(pk=model.pk).update(status="training")
    assert send(owner_client, address, PHOTO, 0, last=True).status_code == 409
    assert left_behind() == []
