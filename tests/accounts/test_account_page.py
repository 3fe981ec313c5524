"""The account page, as its owner, a stranger, an operator and nobody see it."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import tasks
from accounts.models import AddressChange, SignUp
from tests.accounts.conftest import confirmed
from tests.conftest import client_of

ACCOUNT = reverse("account")
SIGNED_IN = [ACCOUNT, reverse("account_change_address"), reverse("account_change_password")]
ENTRANCE = [
    reverse("account_login"),
    reverse("account_signup"),
    reverse("account_reset_password"),
    reverse("account_email_verification_sent"),
    reverse("account_confirm", args=["forged"]),
]
CHANGING = [
    reverse("account_change_address"),
    reverse("account_change_password"),
    reverse("account_end_other_sessions"),
    reverse("account_end_session", args=[1]),
    reverse("mfa_activate_totp"),
    reverse("account_change_address_link", args=["forged"]),
]


def writes(client: Client, address: str) -> list[str]:
    """Return what a GET of this address writes, apart from the visitor's own session."""
    with CaptureQueriesContext(connection) as queries:
        client.get(address)
    reads = ("SELECT", "SAVEPOINT", "RELEASE")
    texts = [query["sql"] for query in queries if not query["sql"].startswith(reads)]
    return [text for text in texts if "django_session" not in text]


@pytest.mark.parametrize("address", SIGNED_IN)
def test_a_person_sees_their_own_account(address, owner, owner_client, stranger):
    answer = owner_client.get(address)
    assert answer.status_code == 200
    assert owner.email in answer.content.decode()
    assert stranger.email not in answer.content.decode()


@pytest.mark.parametrize("address", SIGNED_IN)
def test_nobody_else_does(address, db, anonymous_client):
    assert anonymous_client.get(address).url == f"{reverse('account_login')}?next={address}"


def test_it_is_linked_from_every_page(owner_client):
    assert f'href="{ACCOUNT}"' in owner_client.get(reverse("dashboard:home")).content.decode()


def test_an_operator_of_a_public_site_is_told_what_is_missing(public, db):
    page = client_of(confirmed(operator=True)).get(ACCOUNT).content.decode()
    assert "A second step is needed" in page
    assert "A second step is needed" not in client_of(confirmed()).get(ACCOUNT).content.decode()


@pytest.mark.parametrize("address", [*SIGNED_IN, *ENTRANCE])
def test_reading_writes_nothing(address, public, owner_client, anonymous_client):
    assert writes(owner_client, address) == []
    assert writes(anonymous_client, address) == []


@pytest.mark.parametrize("address", CHANGING)
def test_changing_something_needs_the_token_of_the_page(address, owner):
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.post(address, {}).status_code == 403


def test_a_change_of_the_password_is_told_by_mail(public, owner, owner_client, mailoutbox):
    data = {"oldpassword": "correct horse battery", "password1": "a quite different phrase"}
    answer = owner_client.post(
        reverse("account_change_password"), data | {"password2": data["password1"]}
    )
    assert answer.url == ACCOUNT
    (mail,) = mailoutbox
    assert mail.to == [owner.email]
    assert "All other sessions were ended" in mail.body
    assert "127.0.0.1" in mail.body


def test_what_has_expired_is_pruned(owner):
    wish = SignUp.objects.create(email="a@example.org", password="x")
    fresh = SignUp.objects.create(email="b@example.org", password="x")
    change = AddressChange.objects.create(user=owner, old_email="a@x.org", new_email="b@x.org")
    for model, row in ((SignUp, wish), (AddressChange, change)):
        model.objects.filter(pk=row.pk).update(created_at="2020-01-01T00:00Z")
    tasks.prune()
    assert list(SignUp.objects.all()) == [fresh]
    assert not AddressChange.objects.exists()
