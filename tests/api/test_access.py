"""Who is let in, with what, and what a token may do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts import tokens
from accounts.models import ApiToken
from tests.api.conftest import Program, problem, program_of
from tests.factories import UserModelFactory


@pytest.fixture
def draft(owner):
    return UserModelFactory(owner=owner)


def test_nobody_gets_a_problem_that_says_how_to_get_in(nobody, draft):
    for path in ("/api/models", f"/api/models/{draft.pk}", "/api/me", "/api/catalog"):
        assert "Bearer" in problem(nobody.get(path), 401, "unauthorized")["detail"]


@pytest.mark.parametrize("raw", ["", "x", "tw_" + "a" * 43, "tw_é", "tw_" + "a" * 5000])
def test_what_is_no_token_is_refused_whatever_it_looks_like(raw, db):
    response = Program(raw or " ").get("/api/me")
    problem(response, 401, "unauthorized")
    assert response["WWW-Authenticate"] == "Bearer"


def test_a_token_is_nobody_elses_way_in(draft, strange_program):
    problem(strange_program.get(f"/api/models/{draft.pk}"), 404, "not_found")
    problem(strange_program.patch(f"/api/models/{draft.pk}", {"name": "B"}), 404, "not_found")
    problem(strange_program.delete(f"/api/models/{draft.pk}"), 404, "not_found")
    problem(strange_program.post(f"/api/models/{draft.pk}/start"), 404, "not_found")
    assert strange_program.get("/api/models").json() == {"items": [], "nextCursor": None}


def test_a_token_does_what_its_scope_allows_and_no_more(owner, draft):
    reads, writes, spends = (program_of(owner, scope) for scope in ("read", "write", "spend"))
    path = f"/api/models/{draft.pk}"
    assert reads.get(path).status_code == 200
    problem(reads.patch(path, {"name": "Bea"}), 403, "scope_missing")
    problem(reads.delete(path), 403, "scope_missing")
    assert writes.patch(path, {"name": "Bea"}).status_code == 200
    problem(writes.post(f"{path}/start"), 403, "scope_missing")
    problem(
        writes.post("/api/models/start-training", {"modelId": str(draft.pk)}), 403, "scope_missing"
    )
    problem(spends.post(f"{path}/start"), 409, "not_startable")
    assert writes.delete(path).status_code == 204


def test_making_a_model_costs_nothing_and_starting_it_with_the_same_call_does(owner):
    writes = program_of(owner, "write")
    assert (
        writes.post("/api/models/create", {"name": "Ann", "skipTraining": True}).status_code == 201
    )
    problem(writes.post("/api/models/create", {"name": "Bea"}), 403, "scope_missing")


def test_a_token_that_has_ended_is_refused_at_once(owner):
    token, raw = tokens.make(owner, name="x", scope="read", expires_in=timedelta(days=1))
    assert Program(raw).get("/api/me").status_code == 200
    ApiToken.objects.filter(pk=token.pk).update(expires_at=timezone.now())
    problem(Program(raw).get("/api/me"), 401, "unauthorized")


def test_a_token_that_was_revoked_or_whose_account_is_off_is_refused(owner):
    token, raw = tokens.make(owner, name="x", scope="read", expires_in=None)
    owner.is_active = False
    owner.save()
    problem(Program(raw).get("/api/me"), 401, "unauthorized")
    owner.is_active = True
    owner.save()
    assert Program(raw).get("/api/me").status_code == 200
    tokens.revoke(token, by=owner)
    problem(Program(raw).get("/api/me"), 401, "unauthorized")


def test_an_operator_who_lacks_a_second_step_has_no_tokens_on_a_public_site(operator, settings):
    program = program_of(operator)
    assert program.get("/api/me").json()["isOperator"] is True
    settings.SITE_IS_PUBLIC = True
    problem(program.get("/api/me"), 401, "unauthorized")


def test_a_password_for_a_proxy_in_front_keeps_nobody_out(owner_client, anonymous_client):
    sent = {"Authorization": "Basic YW5uOnNlY3JldA=="}
    assert owner_client.get("/api/me", headers=sent).status_code == 200
    refused = anonymous_client.get("/api/me", headers=sent)
    problem(refused, 401, "unauthorized")
    assert refused["WWW-Authenticate"] == "Bearer"


def test_a_token_in_an_address_is_none(owner, anonymous_client):
    raw = tokens.make(owner, name="x", scope="read", expires_in=None)[1]
    for name in ("token", "access_token", "Authorization", "key"):
        problem(anonymous_client.get("/api/me", {name: raw}), 401, "unauthorized")


def test_a_token_in_vain_is_not_saved_by_a_session(owner_client):
    response = owner_client.get("/api/me", headers={"Authorization": "Bearer tw_wrong"})
    problem(response, 401, "unauthorized")


def test_a_session_reads_and_changes_only_with_the_pages_mark(owner, draft):
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner, backend="allauth.account.auth_backends.AuthenticationBackend")
    path = f"/api/models/{draft.pk}"
    assert client.get(path).status_code == 200
    change = {"data": {"name": "Bea"}, "content_type": "application/json"}
    problem(client.patch(path, **change), 403, "csrf_failed")
    client.cookies["theway_csrf" if "theway_csrf" in client.cookies else _csrf_name()] = "a" * 32
    done = client.patch(path, **change, headers={"X-CSRFToken": "a" * 32})
    assert done.json()["name"] == "Bea"


def test_what_a_token_may_do_is_told_to_who_has_it(owner, owner_client):
    me = program_of(owner, "write").get("/api/me").json()
    assert (me["email"], me["scope"], me["tokenName"]) == (owner.email, "write", "test")
    assert owner_client.get("/api/me").json()["scope"] == "spend"


def test_the_use_of_a_token_is_noted_after_the_answer(owner, program):
    program.get("/api/me")
    token = ApiToken.objects.get(user=owner)
    assert token.last_used_at is not None
    assert token.last_used_from == "127.0.0.1"


def _csrf_name() -> str:
    from django.conf import settings

    return str(settings.CSRF_COOKIE_NAME)
