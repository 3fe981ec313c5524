"""Text in requests is taken as it was written, or refused with a word: at every address."""

from __future__ import annotations

import itertools
import json
import uuid
from collections.abc import Iterator

import pytest
from bs4 import BeautifulSoup
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from dashboard.wizard.unsaved_answers import author_token
from tests.factories import (
    GeneratedImageFactory,
    JobFactory,
    TrainingImageFactory,
    UserModelFactory,
    jpeg,
)

pytestmark = pytest.mark.django_db
NUL = "\x00"
HALF = "\ud800"
WORD = "This text cannot be stored"
REASON = "a character that stands for nothing"
# Values for the parts of addresses, by the name of their converter.
PARTS = {
    "uuid": str(uuid.UUID(int=1)),
    "uuidstr": str(uuid.UUID(int=1)),
    "int": "1",
    "slug": "about",
    "path": "x",
    "string": "x",
}


def patterns(resolver: URLResolver, prefix: str = "/") -> Iterator[tuple[str, URLPattern]]:
    for one in resolver.url_patterns:
        if isinstance(one, URLResolver):
            yield from patterns(one, prefix + part(one))
        else:
            yield prefix + part(one), one


def part(pattern: URLPattern | URLResolver) -> str:
    """Return the piece of an address that a pattern matches; "" for regular expressions."""
    route = getattr(pattern.pattern, "_route", "")
    for name, converter in pattern.pattern.converters.items():
        kind = type(converter).__name__.removesuffix("Converter").lower()
        tag = next(tag for tag in tags(route) if tag.endswith((f"<{name}>", f":{name}>")))
        route = route.replace(tag, PARTS[kind])
    return route


def tags(route: str) -> list[str]:
    return [f"<{piece.split('>')[0]}>" for piece in route.split("<")[1:]]


ADDRESSES = sorted({address for address, _ in patterns(get_resolver())})


def answers(clients: list[Client], method: str, address: str, **data: object) -> set[int]:
    for client in clients:
        client.raise_request_exception = False
    return {getattr(client, method)(address, **data).status_code for client in clients}


@pytest.fixture
def everybody(anonymous_client, owner_client, operator_client) -> list[Client]:
    return [anonymous_client, owner_client, operator_client]


def test_there_are_addresses_to_walk():
    assert {"/dashboard/models/new", "/api/models", "/admin/login/"} <= set(ADDRESSES)
    assert len(ADDRESSES) > 80


@pytest.mark.parametrize("query", ["next=a%00b", "a%00b=1"])
def test_a_null_character_in_any_query_is_refused(everybody, query):
    for address in ADDRESSES:
        assert answers(everybody, "get", f"{address}?{query}") == {422}, address


@pytest.mark.parametrize("data", [{"name": f"a{NUL}b"}, {f"a{NUL}b": ""}], ids=["value", "name"])
def test_a_null_character_in_any_field_is_refused(everybody, data):
    for address in ADDRESSES:
        assert answers(everybody, "post", address, data=data) == {422}, address


@pytest.mark.parametrize("text", [NUL, HALF, f"a{NUL}"], ids=["nul", "half", "within"])
def test_json_with_such_a_character_is_refused_everywhere(everybody, text):
    for address, body in itertools.product(ADDRESSES, ({"a": text}, {text: 1}, [[text]])):
        sent = {"data": json.dumps(body), "content_type": "application/json"}
        assert answers(everybody, "post", address, **sent) == {422}, address


def test_a_null_character_in_an_address_is_no_address(everybody):
    for address in ADDRESSES:
        for odd in (address.replace("/x", "/%00"), f"{address}%00"):
            assert answers(everybody, "get", odd) <= {404, 422} or odd == address, odd


def test_a_header_with_a_null_character_is_refused(everybody):
    assert answers(everybody, "get", "/", headers={"X-Any": "a\x00"}) == {422}


@pytest.mark.parametrize("address", ["/", "/dashboard/", "/accounts/login/", "/api/models"])
def test_a_cookie_that_cannot_be_stored_is_no_cookie(client, address):
    client.raise_request_exception = False
    cookies = f'{settings.SESSION_COOKIE_NAME}="abcdefgh\\000"; other="\\000"'
    answer = client.get(address, headers={"Cookie": cookies})
    assert answer.status_code in {200, 302, 401}


# -- every form as it stands in the pages ------------------------------------------------------


@pytest.fixture
def pages(owner, operator) -> list[str]:
    """Pages with all forms: of drafts, of models in every state, of pictures, of the account."""
    draft = UserModelFactory(owner=owner)
    TrainingImageFactory.create_batch(2, model=draft)
    ready = UserModelFactory(owner=owner, ready=True)
    GeneratedImageFactory(model=ready)
    jobs = [JobFactory(model__owner=owner, **{state: True}) for state in ("unknown", "running")]
    failed = JobFactory(failed=True, model=UserModelFactory(owner=owner, failed=True))
    steps = [f"/dashboard/models/new/{draft.pk}/{step}" for step in ("about", "photos")]
    models = [f"/dashboard/models/{job.model_id}" for job in (*jobs, failed)]
    account = [
        address
        for address in ADDRESSES
        if address.startswith(("/accounts/", "/account/")) or address == "/dashboard/data"
    ]
    admin = ["/admin/", "/admin/jobs/jobqueue/", f"/admin/accounts/user/{owner.pk}/change/"]
    return [
        "/dashboard/models/new", *steps, f"/dashboard/models/{ready.pk}", *models,
        "/dashboard/pictures", *account, *admin,
    ]  # fmt: skip


def forms_of(client: Client, address: str) -> Iterator[tuple[str, dict[str, str]]]:
    answer = client.get(address, follow=True)
    soup = BeautifulSoup(answer.content, "html.parser")
    for form in soup.select("form"):
        controls = form.select("[name]") + soup.select(f'[form="{form.get("id")}"][name]')
        names = {str(control["name"]) for control in controls}
        yield str(form.get("action") or answer.request["PATH_INFO"]), dict.fromkeys(names, "a")


@pytest.mark.usefixtures("owner")
def test_every_field_of_every_form_refuses_a_null_character(everybody, pages):
    count = 0
    for client, page in itertools.product(everybody, pages):
        for action, values in forms_of(client, page):
            for name in values:
                answer = client.post(action, values | {name: f"a{NUL}b"})
                assert answer.status_code == 422, (page, action, name)
                assert WORD in answer.text
                count += 1
    assert count > 100


@pytest.mark.parametrize("is_signed_in", [True, False])
def test_an_answer_in_the_wizard_is_refused_with_a_word_for_scripts(owner, client, is_signed_in):
    if is_signed_in:
        client.force_login(owner)
    model = UserModelFactory(owner=owner)
    answer = client.post(
        f"/dashboard/models/new/{model.pk}/about",
        {"name": f"a{NUL}b", "author": author_token(owner)},
        headers={"X-Autosave": "1", "Accept": "application/json"},
    )
    assert answer.status_code == 422
    assert REASON in answer.json()["message"]
    model.refresh_from_db()
    assert (model.name, model.answers) == ("Ann", {})


def test_the_api_refuses_with_a_word_as_it_refuses_everything(owner_client):
    answer = owner_client.get("/api/models?before=%00")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert REASON in answer.json()["detail"]


def test_answers_that_are_kept_as_typed_fit_any_database(owner, owner_client):
    """Control characters that may be sent are part of no word, and are not kept."""
    model = UserModelFactory(owner=owner)
    typed = {"name": "x" * 70 + "\x07", "kind": "style", "trigger_word": "An\x1b"}
    answer = owner_client.post(f"/dashboard/models/new/{model.pk}/about", typed)
    assert answer.status_code == 422
    model.refresh_from_db()
    assert model.answers["about"]["name"] == "x" * 70
    assert model.answers["about"]["trigger_word"] == "An"


# -- and what is fine stays as it was written ---------------------------------------------------


@pytest.mark.parametrize("name", ["می‌خواهم", "👩‍👩‍👧‍👦", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "\u202bمرحبا\u202c"])
def test_names_captions_and_file_names_are_stored_as_they_were_written(owner, owner_client, name):
    model = UserModelFactory(owner=owner)
    answers = {"name": name, "kind": "style", "trigger_word": "ann_k7", "description": name}
    owner_client.post(f"/dashboard/models/new/{model.pk}/about", answers)
    file = SimpleUploadedFile("x.jpg", jpeg(), "image/jpeg")
    file._name = f"{name}.jpg"
    owner_client.post(f"/dashboard/models/new/{model.pk}/photos/upload", {"photos": file})
    photo = model.photos.get()
    owner_client.post(f"/dashboard/photos/{photo.pk}/caption", {"caption": name})
    model.refresh_from_db()
    photo.refresh_from_db()
    assert (model.name, model.description, model.answers["about"]["name"]) == (name, name, name)
    assert (photo.caption, photo.original_filename) == (name, f"{name}.jpg")
