"""Changing a password, and setting a new one by email."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth import get_user
from django.core.cache import cache
from django.urls import reverse

from tests.conftest import client_of
from tests.factories import PASSWORD, UserFactory

RESET = reverse("account_reset_password")
CHANGE = reverse("account_change_password")
NEW = "a quite different phrase"


def link_in(mail) -> str:
    return re.search(r"http://localhost:8000(\S+)", mail.body)[1]


def test_a_new_password_is_set_by_the_link_in_the_mail(owner, client, mailoutbox):
    client.post(RESET, {"email": owner.email.upper()})
    assert [mail.to for mail in mailoutbox] == [[owner.email]]
    link = link_in(mailoutbox[0])
    # The link moves its key into the session, so that it does not leak by the referrer.
    form = client.get(link, follow=True)
    client.post(form.redirect_chain[-1][0], {"password1": NEW, "password2": NEW})
    owner.refresh_from_db()
    assert owner.check_password(NEW)
    again = client.get(link, follow=True)
    assert again.context["token_fail"]


def test_somebody_elses_link_does_not_fit(owner, stranger, client, mailoutbox):
    client.post(RESET, {"email": owner.email})
    client.post(RESET, {"email": stranger.email})
    own, other = (re.search(r"key/([^-]+)-(.+)/", link_in(mail)).groups() for mail in mailoutbox)
    mixed = reverse("account_reset_password_from_key", args=[own[0], other[1]])
    assert client.get(mixed, follow=True).context["token_fail"]


def test_a_reset_answers_the_same_for_known_and_unknown_addresses(owner, client, mailoutbox):
    known = client.post(RESET, {"email": owner.email}, follow=True)
    unknown = client.post(RESET, {"email": "nobody@example.org"}, follow=True)
    assert known.redirect_chain == unknown.redirect_chain
    # All that differs is each answer's own CSRF token and script nonce.
    once = re.compile(rb"[A-Za-z0-9]{64}|nonce=\S+")
    assert once.sub(b"", known.content) == once.sub(b"", unknown.content)


def test_an_operator_without_a_confirmed_address_can_reset_too(operator, client, mailoutbox):
    client.post(RESET, {"email": operator.email})
    assert reverse("account_reset_password_from_key", args=["x", "y"])[:20] in mailoutbox[0].body


def test_resets_are_limited(owner, client, settings, mailoutbox):
    settings.ACCOUNT_RATE_LIMITS = {}
    cache.clear()
    for number in range(7):
        client.post(RESET, {"email": owner.email}, REMOTE_ADDR=f"10.0.0.{number}")
    cache.clear()
    assert len(mailoutbox) == 5


def test_a_password_is_changed_with_the_old_one(owner, owner_client):
    owner_client.post(CHANGE, {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW})
    owner.refresh_from_db()
    assert owner.check_password(NEW)
    assert get_user(owner_client) == owner


def test_a_password_is_not_changed_without_the_old_one(owner, owner_client):
    owner_client.post(CHANGE, {"oldpassword": "guess", "password1": NEW, "password2": NEW})
    owner.refresh_from_db()
    assert owner.check_password(PASSWORD)


def test_changing_the_password_ends_the_other_sessions(owner):
    here, elsewhere = client_of(owner), client_of(owner)
    here.post(CHANGE, {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW})
    assert get_user(here) == owner
    assert get_user(elsewhere).is_anonymous


GUESSABLE = [
    "short",
    "1234567890",
    "Password123!",
    "p4ssw0rd2026",
    "!!Dr4g0n!!",
    "monkeymonkey",
    "qwertyuiop12",
    "aaaaaaaaaaaa",
    "TheWay2026",
]


@pytest.mark.parametrize("password", GUESSABLE)
def test_a_weak_new_password_is_refused(owner, owner_client, password):
    owner_client.post(
        CHANGE, {"oldpassword": PASSWORD, "password1": password, "password2": password}
    )
    owner.refresh_from_db()
    assert owner.check_password(PASSWORD)


def test_a_disabled_account_gets_no_link(client, db, mailoutbox):
    client.post(RESET, {"email": UserFactory(is_active=False).email})
    assert not any("/password/reset/key/" in mail.body for mail in mailoutbox)
