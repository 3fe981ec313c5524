"""Tokens for programs in the admin: seen and revoked, by operators only."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission

from accounts import tokens
from accounts.models import ApiToken
from tests.conftest import client_of
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
LIST, ADD = "/admin/accounts/apitoken/", "/admin/accounts/apitoken/add/"


@pytest.fixture
def made(owner) -> tuple[ApiToken, str]:
    return tokens.make(owner, name="a script", scope="write", expires_in=None)


def revoke(client, *chosen: ApiToken):
    data = {"action": "revoke", "_selected_action": [str(one.pk) for one in chosen], "index": 0}
    return client.post(LIST, data, follow=True)


def test_operators_see_whose_it_is_and_never_what_it_is(operator_client, owner, made):
    token, raw = made
    for address in (LIST, f"{LIST}{token.pk}/change/", f"{LIST}{token.pk}/history/"):
        page = operator_client.get(address)
        assert page.status_code == 200
        assert raw[3:] not in page.text and token.token_hash not in page.text
    assert owner.email in operator_client.get(LIST).text


def test_operators_revoke_and_the_log_says_who(operator, operator_client, made, caplog):
    caplog.set_level("INFO", "theway.security")
    token, raw = made
    assert "1 token revoked." in revoke(operator_client, token).text
    assert tokens.authenticate(raw, address="") is None
    assert f"token={token.pk} by={operator.pk}" in caplog.text
    assert "0 tokens revoked." in revoke(operator_client, token).text


def test_nobody_makes_changes_or_deletes_one_there(operator_client, made):
    token, _ = made
    assert operator_client.get(ADD).status_code == 403
    assert operator_client.post(f"{LIST}{token.pk}/delete/", {"post": "yes"}).status_code == 403
    operator_client.post(f"{LIST}{token.pk}/change/", {"name": "x", "scope": "spend"})
    token.refresh_from_db()
    assert (token.name, token.scope) == ("a script", "write")


def test_owners_and_nobody_do_not_get_there(owner_client, anonymous_client, made):
    for client in (owner_client, anonymous_client):
        assert client.get(LIST).status_code in {302, 403}
        revoke(client, made[0])
    assert ApiToken.objects.get().is_live


def test_who_may_only_see_tokens_ends_none(made):
    staff = UserFactory(is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="view_apitoken"))
    client = client_of(staff)
    assert client.get(LIST).status_code == 200
    revoke(client, made[0])
    assert ApiToken.objects.get().is_live


def test_the_list_takes_as_many_queries_for_many(
    operator_client, owner, django_assert_max_num_queries
):
    for _ in range(20):
        tokens.make(owner, name="x", scope="read", expires_in=None)
    with django_assert_max_num_queries(8):
        operator_client.get(LIST)
