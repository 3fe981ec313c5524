"""Photos from a phone: a link that adds photos to one draft, and does nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from qrcode.main import QRCode

from accounts import sessions
from dashboard.phone.codes import code_of
from models_app import phone_links
from models_app.models import PartialUpload, PhoneLink
from models_app.services import delete_model
from tests.dashboard.wizard_drafts import address, complete_draft, draft, photo
from tests.factories import UserFactory, jpeg
from training import services as training
from training.selectors import next_idempotency_key

pytestmark = pytest.mark.django_db
NETWORK = {"SERVER_NAME": "192.168.1.20", "SERVER_PORT": "8000"}
JSON = {"HTTP_ACCEPT": "application/json"}
ACCEPT = {"Accept": "application/json"}
PHOTO = jpeg(colour="teal")
COLOURS = {"first.jpg": "navy", "second.jpg": "olive"}


@pytest.fixture(autouse=True)
def in_a_home_network(settings):
    settings.ALLOWED_HOSTS = ["*"]


@pytest.fixture
def model(owner):
    return draft(owner, name="Grandmother")


@pytest.fixture
def token(model) -> str:
    return phone_links.token_of(phone_links.issue(model))


def page_of(token: str) -> str:
    return reverse("dashboard:phone_page", args=[token])


def send(token: str, upload, client: Client | None = None, **extra):
    path = reverse("dashboard:phone_upload", args=[token])
    return (client or Client()).post(path, {"photos": upload}, **extra)


def make(client: Client, model, **extra):
    return client.post(reverse("dashboard:phone_make", args=[model.pk]), **extra)


def test_the_owner_makes_a_link_and_sees_it_again_after_a_reload(model, owner_client):
    assert make(owner_client, model, **NETWORK).status_code == 302
    token = phone_links.token_of(PhoneLink.objects.get())
    page = owner_client.get(address(model, "photos"), **NETWORK).content.decode()
    shown = f"http://192.168.1.20:8000{page_of(token)}"
    assert f'value="{shown}"' in page
    assert code_of(shown).path in page
    assert token not in str(PhoneLink.objects.values().get())


def test_the_code_is_the_one_of_the_address_with_a_quiet_zone():
    made = QRCode(border=4)
    code = code_of("http://192.168.1.20:8000/phone/abc/")
    made.add_data("http://192.168.1.20:8000/phone/abc/")
    drawn = set()
    for run in code.path.split("M")[1:]:
        start, width = run.split("h")[0], int(run.split("h")[1].split("v")[0])
        x, y = map(int, start.split())
        drawn |= {(x + step, y) for step in range(width)}
    made.error_correction = 0
    made.make()
    matrix = made.get_matrix()
    assert code.size == len(matrix)
    assert drawn == {
        (x, y) for y, row in enumerate(matrix) for x, is_dark in enumerate(row) if is_dark
    }


@pytest.mark.parametrize("name", ["phone_make", "phone_end"])
def test_nobody_else_makes_or_ends_a_link(name, model, token, stranger_client, anonymous_client):
    path = reverse(f"dashboard:{name}", args=[model.pk])
    assert stranger_client.post(path).status_code == 404
    assert anonymous_client.post(path).status_code == 302
    assert stranger_client.get(path).status_code == 405
    assert phone_links.open_link(token)


def test_at_localhost_a_sentence_stands_in_place_of_a_useless_code(model, owner_client, settings):
    settings.ALLOWED_HOSTS = ["localhost", "testserver"]
    local = {"SERVER_NAME": "localhost"}
    make(owner_client, model, **local)
    page = owner_client.get(address(model, "photos"), **local).content.decode()
    assert not PhoneLink.objects.exists()
    assert "WEB_HOST=0.0.0.0" in page
    assert "phone-code" not in page


def test_a_name_that_the_operator_allows_stands_in_for_localhost(model, owner_client, settings):
    settings.ALLOWED_HOSTS, settings.WEB_HOST = ["localhost", "192.168.1.20"], "0.0.0.0"  # noqa: S104
    make(owner_client, model, SERVER_NAME="localhost", SERVER_PORT="8000")
    page = owner_client.get(
        address(model, "photos"), SERVER_NAME="localhost", SERVER_PORT="8000"
    ).content.decode()
    assert "http://192.168.1.20:8000/phone/" in page


def test_a_phone_adds_photos_without_signing_in(model, token):
    reply = send(token, photo(), **JSON)
    assert (reply.status_code, reply.json()["message"]) == (201, "Added")
    assert model.photos.count() == PhoneLink.objects.get().photo_count == 1


def test_it_works_without_a_script_and_several_at_once(model, token):
    page = send(token, [photo("a.jpg"), photo("b.jpg", "red"), photo("c.jpg", "red")])
    text = page.content.decode()
    assert page.status_code == 200
    assert model.photos.count() == 2
    assert text.count(">Added<") == 3
    assert "Done: you can go on at the computer." in text


def test_the_page_says_nothing_about_draft_and_owner_and_is_kept_nowhere(model, token):
    send(token, photo("secret.jpg"))
    page = Client().get(page_of(token))
    text = page.content.decode()
    for word in ("Grandmother", model.owner.email, str(model.pk), "secret.jpg", "<img src"):
        assert word not in text
    assert page["Referrer-Policy"] == "strict-origin"
    assert page["Cache-Control"] == "no-store"
    assert page["X-Robots-Tag"] == "noindex, nofollow"


def test_who_has_its_receipt_removes_a_photo_again_and_no_other(model, token):
    receipt = send(token, photo(), **JSON).json()["receipt"]
    path = reverse("dashboard:phone_remove", args=[token])
    for forged in ("", "gA\u00e4\u4e2d", "x" + receipt, receipt[:-9], str(model.photos.get().pk)):
        Client().post(path, {"receipt": forged})
        assert model.photos.count() == 1
    Client().post(path, {"receipt": receipt})
    assert model.photos.count() == PhoneLink.objects.get().photo_count == 0


def test_another_links_receipt_removes_nothing(model, token):
    receipt = send(token, photo(), **JSON).json()["receipt"]
    again = phone_links.token_of(phone_links.issue(model))
    Client().post(reverse("dashboard:phone_remove", args=[again]), {"receipt": receipt})
    assert model.photos.count() == 1


def test_a_form_of_another_site_is_refused(model, token):
    assert send(token, photo(), Client(enforce_csrf_checks=True)).status_code == 403
    assert not model.photos.exists()


def withdrawn(model):
    phone_links.end(model)


def replaced(model):
    phone_links.issue(model)


def deleted(model):
    delete_model(model)


def without_its_owner(model):
    model.owner.delete()


def deactivated(model):
    type(model.owner).objects.filter(pk=model.owner.pk).update(is_active=False)


def signed_out_everywhere(model):
    sessions.end_all(model.owner)


def another_password(model):
    model.owner.set_password("another horse battery")
    model.owner.save()


ENDS = [
    withdrawn,
    replaced,
    deleted,
    without_its_owner,
    deactivated,
    signed_out_everywhere,
    another_password,
]


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
def test_a_link_that_is_over_looks_like_one_that_never_was(end, model, token):
    end(model)
    over, never = Client().get(page_of(token)), Client().get(page_of("never"))
    assert (over.status_code, over.content) == (404, never.content)
    assert "This link has ended" in over.content.decode()
    reply = send(token, photo(), **JSON)
    assert (reply.status_code, reply.json()["code"]) == (404, "link_over")


def test_it_ends_after_an_hour(model, token):
    with time_machine.travel(timezone.now() + timedelta(minutes=59), tick=False):
        assert Client().get(page_of(token)).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(minutes=61), tick=False):
        assert Client().get(page_of(token)).status_code == 404


def test_it_ends_for_good_when_the_training_begins(owner):
    model = complete_draft(owner)
    token = phone_links.token_of(phone_links.issue(model))
    training.start(model, idempotency_key=next_idempotency_key(model))
    type(model).objects.filter(pk=model.pk).update(started_at=None)
    assert phone_links.open_link(token) is None


def test_another_secret_key_leaves_it_open_while_the_old_one_is_known(model, token, settings):
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]
    assert phone_links.token_of(PhoneLink.objects.get()) == token
    assert phone_links.open_link(token)


def test_photos_count_for_the_owner_whose_limits_are_not_told(model, token, settings):
    settings.LIMIT_PHOTOS_PER_DAY = 1
    assert send(token, photo(), **JSON).status_code == 201
    reply = send(token, photo("b.jpg", "red"), **JSON)
    assert (reply.status_code, model.photos.count()) == (429, 1)
    assert "The computer says why" in reply.json()["message"]


def test_a_link_that_went_astray_takes_so_many_files(model, token, monkeypatch):
    monkeypatch.setattr(phone_links, "MOST_TRIES", 1)
    assert send(token, photo(), **JSON).status_code == 201
    assert send(token, photo("b.jpg", "red"), **JSON).status_code == 429


def test_who_is_signed_in_on_the_phone_is_nobody_there(model, token):
    from tests.conftest import client_of

    assert send(token, photo(), client_of(UserFactory()), **JSON).status_code == 201
    assert model.photos.count() == 1


def test_the_live_part_shows_the_photos_to_the_owner_only(
    model, token, owner_client, stranger_client
):
    send(token, photo())
    path = reverse("dashboard:photos_live", args=[model.pk])
    page = owner_client.get(path, **NETWORK).content.decode()
    assert f'id="photo-{model.photos.get().pk}"' in page
    assert "1 photo came by it." in page
    assert stranger_client.get(path).status_code == 404


def begin(token: str, name: str = "IMG_9.jpg", chosen: int = 7):
    path = reverse("dashboard:phone_parts", args=[token])
    data = {"name": name, "length": len(PHOTO), "chosen": chosen}
    return Client().post(path, data, **JSON)


def part(where: str, data: bytes, at: int, *, last: bool = False):
    headers = {"Upload-Offset": str(at), "Upload-Complete": "?1" if last else "?0"} | ACCEPT
    type_of_part = "application/partial-upload"
    return Client().generic("PATCH", where, data, headers=headers, CONTENT_TYPE=type_of_part)


def test_a_photo_that_comes_in_parts_is_added_once_and_can_be_taken_back(model, token):
    where = begin(token)["Location"]
    assert part(where, PHOTO[:900], 0)["Upload-Offset"] == "900"
    assert Client().head(where)["Upload-Offset"] == "900"
    done = part(where, PHOTO[900:], 900, last=True)
    # An answer that was lost is asked for again.
    again = part(where, b"", len(PHOTO), last=True)
    assert (done.status_code, again.status_code) == (201, 201)
    assert done.json().keys() == {"code", "message", "receipt"}
    assert (model.photos.count(), PhoneLink.objects.get().photo_count) == (1, 1)
    Client().post(reverse("dashboard:phone_remove", args=[token]), again.json())
    assert model.photos.count() == 0


def test_the_wizard_does_not_go_on_with_what_a_phone_has_begun(model, token, owner_client):
    where = begin(token)["Location"]
    part(where, PHOTO[:900], 0)
    page = owner_client.get(address(model, "photos")).content.decode()
    assert "IMG_9.jpg" not in page


def test_a_phone_reaches_no_upload_of_the_owners_own(model, token, owner_client):
    mine = reverse("dashboard:photo_parts", args=[model.pk])
    fields = {"name": "IMG_9.jpg", "length": len(PHOTO), "chosen": 7}
    own = owner_client.post(mine, fields, **JSON)["Location"].rsplit("/", 1)[1]
    assert begin(token)["Location"].rsplit("/", 1)[1] != own
    where = reverse("dashboard:phone_part", args=[token, own])
    answers = [Client().head(where), part(where, PHOTO, 0, last=True), Client().delete(where)]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert PartialUpload.objects.filter(pk=own).exists()


def test_a_part_after_the_end_of_the_link_changes_nothing(model, token):
    where = begin(token)["Location"]
    phone_links.end(model)
    answer = part(where, PHOTO, 0, last=True)
    assert (answer.status_code, answer.json()["code"]) == (404, "link_over")
    assert begin(token).status_code == 404
    assert model.photos.count() == 0


def test_photos_of_a_phone_are_in_the_order_in_which_they_were_chosen(model, token):
    path = reverse("dashboard:phone_upload", args=[token])
    for name, chosen in (("second.jpg", 2_000), ("first.jpg", 1_000)):
        upload = SimpleUploadedFile(name, jpeg(colour=COLOURS[name]), "image/jpeg")
        assert Client().post(path, {"photos": upload, "chosen": chosen}, **JSON).status_code == 201
    assert [one.original_filename for one in model.photos.all()] == ["first.jpg", "second.jpg"]


@pytest.mark.parametrize("length", [0, 10**12])
def test_a_phone_is_told_why_a_file_is_not_begun_and_nothing_else(model, token, length):
    path = reverse("dashboard:phone_parts", args=[token])
    answer = Client().post(path, {"name": "a.jpg", "length": length, "chosen": 1}, **JSON)
    assert answer.status_code == 422
    assert answer.json().keys() == {"code", "message", "receipt"}
