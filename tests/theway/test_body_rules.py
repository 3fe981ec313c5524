"""Who may send how much to which address."""

from __future__ import annotations

import asyncio
import uuid

import pytest
from django.conf import settings as site
from django.test import Client
from django.urls import reverse

from accounts import tokens
from accounts.limits import LimitReachedError
from models_app import phone_links
from tests.conftest import client_of
from tests.dashboard.wizard_drafts import address, draft, upload_address
from tests.factories import UserFactory
from theway.bodies.rules import Rule, rule_for

pytestmark = pytest.mark.django_db(transaction=True)
MEBIBYTE = 1024 * 1024
FOR_PROGRAMS = ["/api/models/training-images", "/api/train-model"]


def rule(
    path: str,
    client: Client | None = None,
    method: str = "POST",
    token: str = "",
    authorization: str = "",
) -> Rule:
    session = client.cookies[site.SESSION_COOKIE_NAME].value if client else ""
    headers = [(b"cookie", f"theme=dark; {site.SESSION_COOKIE_NAME}={session}".encode())]
    authorization = f"Bearer {token}" if token else authorization
    if authorization:
        headers.append((b"authorization", authorization.encode()))
    scope = {"type": "http", "method": method, "path": path, "headers": headers}
    return asyncio.run(rule_for(scope))


@pytest.fixture
def model():
    return draft(UserFactory())


def test_the_owner_may_upload_to_a_draft(model):
    found = rule(upload_address(model), client_of(model.owner))
    assert found.max_bytes == site.MAX_REQUEST_BYTES
    assert found.sender == model.owner.pk


@pytest.mark.parametrize("sent", ["Basic YW5uOnNlY3JldA==", "Bearer of-a-proxy", "Digest x"])
def test_what_a_proxy_in_front_asked_for_keeps_no_owner_from_uploading(model, sent):
    found = rule(upload_address(model), client_of(model.owner), authorization=sent)
    assert found.sender == model.owner.pk


@pytest.mark.parametrize("path", FOR_PROGRAMS)
def test_a_password_of_a_proxy_is_no_token(path):
    person = UserFactory()
    found = rule(path, client_of(person), authorization="Basic YW5uOnNlY3JldA==")
    assert found.sender == person.pk


@pytest.mark.parametrize("who", ["nobody", "stranger", "signed out", "disabled"])
def test_nobody_else_may(model, who):
    client = None
    if who == "stranger":
        client = client_of(UserFactory())
    if who in {"signed out", "disabled"}:
        client = client_of(model.owner)
    if who == "signed out":
        client.session.flush()
    if who == "disabled":
        model.owner.is_active = False
        model.owner.save()
    found = rule(upload_address(model), client)
    assert (found.max_bytes, found.sender, found.is_upload) == (MEBIBYTE, None, True)


def test_nobody_may_upload_to_what_does_not_exist(model):
    path = upload_address(model).replace(str(model.pk), str(uuid.uuid4()))
    assert rule(path, client_of(model.owner)).sender is None


@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/admin/", "/api/models", "/nowhere"])
def test_everywhere_else_a_form_is_all_there_is(model, path):
    assert rule(path, client_of(model.owner)).max_bytes == MEBIBYTE


def test_a_step_of_the_wizard_is_no_upload(model):
    assert rule(address(model, "photos"), client_of(model.owner)).max_bytes == MEBIBYTE


def part_address(model) -> str:
    return upload_address(model).replace("upload", f"parts/{uuid.uuid4()}")


def test_of_a_part_that_is_cut_the_start_is_kept(model):
    found = rule(part_address(model), client_of(model.owner), "PATCH")
    assert (found.sender, found.keeps_start) == (model.owner.pk, True)
    assert not rule(upload_address(model), client_of(model.owner)).keeps_start


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_else_at_a_part_s_address_is_an_upload(model, method):
    assert rule(part_address(model), client_of(model.owner), method).sender is None


def test_nobody_else_sends_parts(model):
    assert rule(part_address(model), client_of(UserFactory()), "PATCH").sender is None


def test_what_was_begun_before_a_limit_was_reached_may_arrive(model, settings):
    settings.LIMIT_STORAGE_MB = 0
    assert rule(part_address(model), client_of(model.owner), "PATCH").reached is None


def test_reading_sends_nothing(model):
    assert rule(upload_address(model), client_of(model.owner), "GET").sender is None


@pytest.mark.parametrize("limit", ["LIMIT_STORAGE_MB", "LIMIT_PHOTOS_PER_DAY"])
def test_who_may_upload_nothing_more_is_told_before_a_byte_is_read(model, settings, limit):
    assert rule(upload_address(model), client_of(model.owner)).reached is None
    setattr(settings, limit, 0)
    found = rule(upload_address(model), client_of(model.owner))
    assert isinstance(found.reached, LimitReachedError)
    assert rule(upload_address(model), client_of(UserFactory())).reached is None


def test_a_phone_may_send_photos_while_its_link_is_open(model):
    token = phone_links.token_of(phone_links.issue(model))
    path = reverse("dashboard:phone_upload", args=[token])
    found = rule(path)
    assert (found.max_bytes, found.sender) == (site.MAX_REQUEST_BYTES, model.owner.pk)
    phone_links.end(model)
    found = rule(path)
    assert (found.max_bytes, found.sender, found.is_link_over) == (MEBIBYTE, None, True)


# --- programs -------------------------------------------------------------------------------


def token_of(person, scope: str = "write") -> str:
    return tokens.make(person, name="x", scope=scope, expires_in=None)[1]


@pytest.mark.parametrize("path", FOR_PROGRAMS)
@pytest.mark.parametrize("scope", ["write", "spend"])
def test_a_program_may_upload_for_its_person(path, scope):
    person = UserFactory()
    found = rule(path, token=token_of(person, scope))
    assert (found.max_bytes, found.sender) == (site.MAX_REQUEST_BYTES, person.pk)


@pytest.mark.parametrize("path", FOR_PROGRAMS)
def test_a_person_may_upload_there_from_a_browser(path):
    person = UserFactory()
    assert rule(path, client_of(person)).sender == person.pk


@pytest.mark.parametrize("path", FOR_PROGRAMS)
@pytest.mark.parametrize("which", ["none", "wrong", "read", "revoked", "disabled"])
def test_no_other_program_may(path, which):
    person = UserFactory()
    raw = {"none": "", "wrong": "tw_" + "a" * 43}.get(which)
    if raw is None:
        raw = token_of(person, "read" if which == "read" else "write")
    if which == "revoked":
        tokens.revoke(tokens.tokens_of(person).get(), by=person)
    if which == "disabled":
        person.is_active = False
        person.save()
    found = rule(path, token=raw)
    assert (found.max_bytes, found.sender, found.is_upload) == (MEBIBYTE, None, True)


def test_a_token_in_vain_is_not_saved_by_a_session():
    found = rule(FOR_PROGRAMS[0], client_of(UserFactory()), token="tw_wrong")
    assert found.sender is None


def test_a_program_whose_person_may_upload_nothing_more_is_told_before_a_byte_is_read(settings):
    settings.LIMIT_STORAGE_MB = 0
    found = rule(FOR_PROGRAMS[0], token=token_of(UserFactory()))
    assert isinstance(found.reached, LimitReachedError)


def test_a_program_uploads_nowhere_else(model):
    assert rule("/api/models/create", token=token_of(model.owner)).max_bytes == MEBIBYTE
    assert rule(upload_address(draft(UserFactory())), token=token_of(model.owner)).sender is None
