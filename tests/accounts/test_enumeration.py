"""Nobody learns who has an account: same words, same queries, same hashes."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.accounts.conftest import confirmed, invite
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.usefixtures("public")
# What is each answer's own: tokens and nonces.
ONCE = re.compile(rb"[A-Za-z0-9]{64}|nonce=\S+")
WAYS_IN = {
    "sign up": lambda email: {"email": email, "password1": PASSWORD},
    "invitation": lambda email: {"email": email, "password1": PASSWORD},
    "sign in": lambda email: {"login": email, "password": "not the one"},
    "reset": lambda email: {"email": email},
}


def address_of(way: str) -> str:
    if way == "invitation":
        return invite()[0]
    return reverse(
        {
            "sign up": "account_signup",
            "sign in": "account_login",
            "reset": "account_reset_password",
        }[way]
    )


@pytest.fixture(params=["confirmed", "unconfirmed", "disabled", "operator"])
def known(request, db) -> str:
    """The address of an account, in each condition an account can be in."""
    if request.param == "confirmed":
        return confirmed().email
    conditions = {"disabled": {"is_active": False}, "operator": {"operator": True}}
    return UserFactory(**conditions.get(request.param, {})).email


@pytest.fixture
def hashes(monkeypatch) -> list[str]:
    """One entry for each hash of a password."""
    made: list[str] = []
    encode = MD5PasswordHasher.encode

    def counted(self, *args):
        made.append("one")
        return encode(self, *args)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    return made


def shape_of(sql: str) -> str:
    """Return a query without its values."""
    return re.sub(r"'[^']*'|\b\d+\b|x'[0-9a-f]*'", "?", sql)


def told(way: str, email: str, hashes: list[str]) -> tuple:
    """Return everything that an attempt with this address shows and costs."""
    address, client = address_of(way), Client()
    hashes.clear()
    with CaptureQueriesContext(connection) as queries:
        answer = client.post(address, WAYS_IN[way](email))
    cost = (len(hashes), [shape_of(query["sql"]) for query in queries])
    page = client.get(answer.url) if answer.status_code == 302 else answer
    words = ONCE.sub(b"", page.content).replace(email.encode(), b"")
    return answer.status_code, answer.get("Location"), sorted(client.cookies), words, cost


@pytest.mark.parametrize("way", WAYS_IN)
def test_a_known_address_is_answered_like_an_unknown_one(way, known, hashes, put_off):
    assert told(way, known, hashes) == told(way, "nobody@example.org", hashes)


@pytest.mark.parametrize(
    ("way", "count"), [("sign up", 1), ("invitation", 1), ("sign in", 1), ("reset", 0)]
)
def test_each_attempt_hashes_a_password_as_often(way, count, known, hashes, put_off):
    assert told(way, known, hashes)[-1][0] == count


@pytest.mark.parametrize("way", WAYS_IN)
def test_the_same_is_put_off_until_after_the_answer(way, known, hashes, put_off):
    told(way, known, hashes)
    told(way, "nobody@example.org", hashes)
    (first, *_), (second, *_) = put_off
    assert first == second


def test_an_address_change_does_not_tell_whether_the_new_one_is_taken(client, db, put_off):
    taken, user = confirmed(), confirmed()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    answers = []
    for email in (taken.email, "free@example.org"):
        data = {"email": email, "password": PASSWORD}
        with CaptureQueriesContext(connection) as queries:
            answer = client.post(reverse("account_change_address"), data)
        page = client.get(answer.url)
        words = ONCE.sub(b"", page.content).replace(email.encode(), b"")
        words = re.sub(rb"<time.*?</time>", b"", words)
        answers.append((answer.url, words))
        assert not any(taken.email in query["sql"] for query in queries if "SELECT" in query["sql"])
    assert answers[0] == answers[1]
