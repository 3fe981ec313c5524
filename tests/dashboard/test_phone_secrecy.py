"""Whoever holds a phone's link learns nothing of what the draft held before: a photo that is there
already looks like any other that is sent."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from models_app import phone_links
from models_app.limits import LIMITS
from models_app.models import PhoneLink, PhotoUpload
from models_app.services import add_photo, remove_photo
from tests.dashboard.test_phone import JSON, PHOTO, begin, part, send
from tests.dashboard.wizard_drafts import draft, photo
from tests.factories import TrainingImageFactory

pytestmark = pytest.mark.django_db
HELD, NEW = "teal", "gold"


@pytest.fixture
def model(owner):
    """A draft into which its owner has put a photo."""
    model = draft(owner)
    add_photo(model, upload=photo("mine.jpg", HELD))
    return model


@pytest.fixture
def token(model) -> str:
    return phone_links.token_of(phone_links.issue(model))


def take_back(token: str, receipt: str):
    path = reverse("dashboard:phone_remove", args=[token])
    return Client().post(path, {"receipt": receipt}, **JSON)


def looks(reply) -> tuple[object, ...]:
    """What of an answer can be compared: all but the receipt's own letters."""
    said = reply.json()
    return reply.status_code, sorted(reply.headers), said | {"receipt": len(said["receipt"])}


def test_a_photo_that_the_draft_holds_is_answered_like_a_new_one(model, token):
    held, new = (send(token, photo("a.jpg", colour), **JSON) for colour in (HELD, NEW))
    assert looks(held) == looks(new)
    assert held.json()["receipt"]
    assert model.photos.count() == 2
    assert PhoneLink.objects.get().photo_count == 1


def test_without_a_script_it_is_answered_like_a_new_one(token):
    page = send(token, [photo("a.jpg", HELD), photo("b.jpg", NEW)]).content.decode()
    assert page.count(">Added<") == page.count('name="receipt"') == 2


def test_sent_again_and_again_it_is_answered_like_a_new_one(token):
    answers = [send(token, photo("a.jpg", colour), **JSON) for colour in (HELD, NEW) * 3]
    assert len({str(looks(answer)) for answer in answers}) == 1
    assert len({answer.json()["receipt"] for answer in answers}) == len(answers)


def test_taking_it_back_leaves_the_owners_photo_and_looks_like_a_removal(model, token):
    for colour, left in ((NEW, {"mine.jpg"}), (HELD, {"mine.jpg"})):
        receipt = send(token, photo("a.jpg", colour), **JSON).json()["receipt"]
        reply = take_back(token, receipt)
        assert (reply.status_code, reply.json()) == (200, {})
        assert set(model.photos.values_list("original_filename", flat=True)) == left


def test_a_receipt_does_not_say_which_photo_it_is_for(model, token):
    for colour in (HELD, NEW):
        receipt = send(token, photo("a.jpg", colour), **JSON).json()["receipt"]
        assert not any(str(one.pk) in receipt for one in model.photos.all())


def test_a_photo_whose_answer_was_lost_can_be_taken_back_when_it_is_sent_again(model, token):
    send(token, photo("a.jpg", NEW), **JSON)
    again = send(token, photo("a.jpg", NEW), **JSON).json()["receipt"]
    take_back(token, again)
    assert [one.original_filename for one in model.photos.all()] == ["mine.jpg"]
    assert PhoneLink.objects.get().photo_count == 0


def test_what_came_by_an_earlier_link_is_no_longer_the_phones(model, token):
    send(token, photo("a.jpg", NEW), **JSON)
    later = phone_links.token_of(phone_links.issue(model))
    take_back(later, send(later, photo("a.jpg", NEW), **JSON).json()["receipt"])
    assert model.photos.count() == 2


def in_parts(token: str, data: bytes, chosen: int):
    """Send a file in two parts; return its address, the last answer, and what is asked later."""
    path = reverse("dashboard:phone_parts", args=[token])
    fields = {"name": "a.jpg", "length": len(data), "chosen": chosen}
    where = Client().post(path, fields, **JSON)["Location"]
    part(where, data[:500], 0)
    done = part(where, data[500:], 500, last=True)
    return where, done, part(where, b"", len(data), last=True)


def states(where: str, length: int) -> tuple[object, ...]:
    asked = Client().head(where)
    again = part(where, b"", length, last=True)
    return asked.status_code, asked.headers.get("Upload-Complete"), again.status_code


def test_in_parts_it_is_answered_like_a_new_one_before_and_after_it_is_taken_back(model, token):
    data = {colour: photo("a.jpg", colour).read() for colour in (HELD, NEW)}
    sent = {colour: in_parts(token, data[colour], at) for at, colour in enumerate(data)}
    assert looks(sent[HELD][1]) == looks(sent[NEW][1])
    assert looks(sent[HELD][2]) == looks(sent[NEW][2])
    asked = {colour: states(sent[colour][0], len(data[colour])) for colour in data}
    assert asked[HELD] == asked[NEW] == (204, "?1", 201)
    for colour in data:
        take_back(token, sent[colour][1].json()["receipt"])
    over = {colour: states(sent[colour][0], len(data[colour])) for colour in data}
    assert over[HELD] == over[NEW] == (404, None, 404)
    assert [one.original_filename for one in model.photos.all()] == ["mine.jpg"]


def test_a_full_draft_takes_neither(model, token):
    TrainingImageFactory.create_batch(LIMITS.max_photos - 1, model=model)
    held, new = (send(token, photo("a.jpg", colour), **JSON) for colour in (HELD, NEW))
    assert (held.status_code, held.content) == (new.status_code, new.content)
    assert held.status_code == 422


def test_both_cost_the_same_work_and_one_of_the_days_photos(model, token, settings):
    counted = []
    for colour in (HELD, NEW):
        before = PhotoUpload.objects.count()
        send(token, photo("a.jpg", colour), **JSON)
        counted.append(PhotoUpload.objects.count() - before)
    assert counted == [1, 1]
    settings.LIMIT_PHOTOS_PER_DAY = PhotoUpload.objects.count()
    # What came by the link itself is no secret: sent again, it costs nothing.
    held, own = (send(token, photo("a.jpg", colour), **JSON) for colour in (HELD, NEW))
    assert (held.status_code, own.status_code) == (429, 201)
    assert send(token, photo("b.jpg", "navy"), **JSON).json() == held.json()


def test_the_owner_is_told_of_the_twin_and_a_stranger_of_nothing(
    model, token, owner_client, stranger_client, anonymous_client
):
    path = reverse("dashboard:photo_upload", args=[model.pk])
    told = owner_client.post(path, {"photos": photo("again.jpg", HELD)}, **JSON)
    assert told.json()["code"] == "duplicate"
    assert "mine.jpg" in told.json()["message"]
    assert stranger_client.post(path, {"photos": photo("again.jpg", HELD)}).status_code == 404
    assert anonymous_client.post(path, {"photos": photo("again.jpg", HELD)}).status_code in {
        302,
        401,
    }


def test_a_photo_that_its_owner_removed_is_taken_again(model, token):
    where = begin(token)["Location"]
    part(where, PHOTO, 0, last=True)
    remove_photo(model.photos.get())
    assert send(token, photo("a.jpg", HELD), **JSON).status_code == 201
    assert model.photos.get().original_filename == "a.jpg"
